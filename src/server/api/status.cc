// /-/healthy, /-/ready, /-/reload, /metrics, /api/v1/status/*.
#include "base/duration.h"
#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

void Text(http::ResponseWriter& response, int status, std::string_view text) {
  response.SetStatus(status);
  response.SetHeader("Content-Type", "text/plain; charset=utf-8");
  static_cast<void>(response.Write(text));
}

void BuildInfoStatus(const ApiContext& api, http::ResponseWriter& response) {
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("version").String(api.build.version).Key("revision").String(api.build.revision);
    json.Key("branch").String("main").Key("buildUser").String("").Key("buildDate").String(api.build.build_date);
    json.Key("goVersion").String(api.build.compiler).Key("application").String("cachescope").EndObject();
  });
}

void RuntimeInfo(const ApiContext& api, http::ResponseWriter& response) {
  const tsdb::HeadStats stats = api.head->stats();
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject()
        .Key("startTime")
        .Time(api.started_at)
        .Key("serverTime")
        .Time(api.clock->NowMs())
        .Key("hostname")
        .String(api.hostname);
    json.Key("reloadConfigSuccess").Bool(api.last_reload_ok()).Key("lastConfigTime").Time(api.last_reload_at());
    json.Key("corruptionCount").Int(0).Key("timeSeriesCount").Int(static_cast<std::int64_t>(stats.series));
    json.Key("storageRetention").String(api.retention > 0 ? FormatDuration(api.retention) : "").EndObject();
  });
}

void WriteCounts(JsonWriter& json, std::string_view key, const std::vector<tsdb::NamedCount>& counts) {
  json.Key(key).BeginArray();
  for (const auto& count : counts)
    json.BeginObject()
        .Key("name")
        .String(count.name)
        .Key("value")
        .Int(static_cast<std::int64_t>(count.count))
        .EndObject();
  json.EndArray();
}

void TsdbStatus(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  auto limit = LimitParam(request.AllParams());
  if (!limit.ok()) return WriteError(response, "bad_data", limit.status().message());
  const tsdb::HeadStats stats = api.head->stats();
  const tsdb::Cardinality counts = api.head->CountLabels(*limit == 0 ? 10 : std::min<std::size_t>(*limit, 10'000));
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("headStats").BeginObject().Key("numSeries").Int(static_cast<std::int64_t>(stats.series));
    json.Key("numLabelPairs")
        .Int(static_cast<std::int64_t>(counts.label_pairs))
        .Key("chunkCount")
        .Int(static_cast<std::int64_t>(stats.chunks));
    json.Key("minTime").Int(stats.min_time).Key("maxTime").Int(stats.max_time).EndObject();
    WriteCounts(json, "seriesCountByMetricName", counts.series_by_metric);
    WriteCounts(json, "labelValueCountByLabelName", counts.values_by_label);
    WriteCounts(json, "memoryInBytesByLabelName", counts.bytes_by_label);
    WriteCounts(json, "seriesCountByLabelValuePair", counts.series_by_label_pair);
    json.EndObject();
  });
}

void Flags(const ApiContext& api, http::ResponseWriter& response) {
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject();
    for (const auto& [name, value] : api.flags) json.Key(name).String(value);
    json.EndObject();
  });
}

void Reload(const ApiContext& api, http::ResponseWriter& response) {
  if (!api.lifecycle) return Text(response, 403, "reloading over HTTP is switched off; send SIGHUP instead\n");
  const Status status = api.reload();
  if (!status.ok()) return Text(response, 500, "failed to reload config: " + std::string(status.message()) + "\n");
  Text(response, 200, "");
}

}  // namespace

void RegisterStatus(http::Server& server, std::shared_ptr<const ApiContext> api) {
  server.Handle("GET", "/-/healthy", [](const auto&, auto& r) { Text(r, 200, "cachescope is healthy.\n"); });
  server.Handle("GET", "/-/ready", [api](const auto&, auto& r) {
    api->ready() ? Text(r, 200, "cachescope is ready.\n") : Text(r, 503, "cachescope is not ready yet.\n");
  });
  for (const char* method : {"POST", "PUT"}) {
    server.Handle(method, "/-/reload", [api](const auto&, auto& r) { Reload(*api, r); });
  }
  server.Handle("GET", "/metrics", [api](const auto&, auto& r) {
    r.SetHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    static_cast<void>(r.Write(api->metrics_text()));
  });
  server.Handle("GET", "/api/v1/status/buildinfo", [api](const auto&, auto& r) { BuildInfoStatus(*api, r); });
  server.Handle("GET", "/api/v1/status/runtimeinfo", [api](const auto&, auto& r) { RuntimeInfo(*api, r); });
  server.Handle("GET", "/api/v1/status/tsdb", [api](const auto& q, auto& r) { TsdbStatus(*api, q, r); });
  server.Handle("GET", "/api/v1/status/flags", [api](const auto&, auto& r) { Flags(*api, r); });
  server.Handle("GET", "/api/v1/status/config", [api](const auto&, auto& r) {
    WriteSuccess(r, [&](JsonWriter& json) { json.BeginObject().Key("yaml").String(api->config_text()).EndObject(); });
  });
}

}  // namespace cachescope::api
