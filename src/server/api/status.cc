// /-/healthy, /-/ready, /-/reload, /metrics, /api/v1/status/*.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

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

std::string CurrentFolder() {
  std::error_code error;
  const auto path = std::filesystem::current_path(error);
  return error ? "" : path.string();
}

std::int64_t ThreadCount() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Threads:")) return std::strtoll(line.c_str() + 8, nullptr, 10);
  }
  return 0;
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
        .Key("CWD")
        .String(CurrentFolder())
        .Key("hostname")
        .String(api.hostname)
        .Key("serverTime")
        .Time(api.clock->NowMs());
    json.Key("reloadConfigSuccess").Bool(api.last_reload_ok()).Key("lastConfigTime").Time(api.last_reload_at());
    json.Key("corruptionCount").Int(0).Key("timeSeriesCount").Int(static_cast<std::int64_t>(stats.series));
    // Upstream's names for what its language has; the counterparts here are threads and processors.
    json.Key("goroutineCount").Int(ThreadCount()).Key("GOMAXPROCS").Int(std::thread::hardware_concurrency());
    json.Key("GOMEMLIMIT").Int(std::numeric_limits<std::int64_t>::max());
    json.Key("GOGC").String("").Key("GODEBUG").String("");
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
  const http::Params params = request.AllParams();
  const auto limit = IntParam(params, "limit");
  if (!limit.ok() || (*limit == 0 && !params.Get("limit").empty()))
    return WriteError(response, "bad_data", "limit must be a positive number");
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

// What is wrong with the server right now, for its page.
void Notifications(const ApiContext& api, http::ResponseWriter& response) {
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginArray();
    if (!api.last_reload_ok()) {
      json.BeginObject().Key("text").String("Configuration reload has failed.").Key("date");
      json.Time(api.clock->NowMs()).Key("active").Bool(true).EndObject();
    }
    json.EndArray();
  });
}

void WriteFlag(JsonWriter& json, std::string_view name, bool on) { json.Key(name).Bool(on); }

// Upstream's list of what a server can do, with what this one can.
void Features(const ApiContext& api, http::ResponseWriter& response) {
  const promql::ParserOptions& parser = api.engine->options().parser;
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("api").BeginObject();
    WriteFlag(json, "admin", api.admin);
    for (const char* name : {"exclude_alerts", "label_values_match", "query_stats", "query_trace", "query_warnings",
                             "time_range_labels", "time_range_series"}) {
      WriteFlag(json, name, true);
    }
    WriteFlag(json, "lifecycle", api.lifecycle);
    WriteFlag(json, "otlp_write_receiver", false);
    WriteFlag(json, "remote_write_receiver", api.write != nullptr);
    WriteFlag(json, "search", false);
    json.EndObject().Key("promql").BeginObject();
    for (const char* name : {"anchored", "smoothed"}) WriteFlag(json, name, parser.extended_range_selectors);
    for (const char* name : {"fill", "fill_left", "fill_right"}) WriteFlag(json, name, parser.binop_fill_modifiers);
    for (const char* name : {"at_modifier", "bool", "by", "duration_expr", "group_left", "group_right", "ignoring",
                             "negative_offset", "offset", "on", "per_query_lookback_delta", "subqueries", "without"}) {
      WriteFlag(json, name, true);
    }
    WriteFlag(json, "delayed_name_removal", api.engine->options().delayed_name_removal);
    json.EndObject().Key("promql_functions").BeginObject();
    for (const promql::FunctionSignature& function : promql::AllFunctions())
      WriteFlag(json, function.name, !function.experimental || parser.experimental_functions);
    json.EndObject().Key("tsdb").BeginObject();
    WriteFlag(json, "exemplar_storage", api.exemplars != nullptr);
    WriteFlag(json, "isolation", true);
    WriteFlag(json, "native_histograms", true);
    json.EndObject().EndObject();
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
  server.Handle("GET", "/api/v1/status/tsdb/blocks", [](const auto&, auto& r) {
    WriteSuccess(r, [](JsonWriter& json) { json.BeginObject().Key("blocks").BeginArray().EndArray().EndObject(); });
  });
  // Nothing is replayed: the store begins empty.
  server.Handle("GET", "/api/v1/status/walreplay", [](const auto&, auto& r) {
    WriteSuccess(r, [](JsonWriter& json) {
      json.BeginObject().Key("min").Int(0).Key("max").Int(0).Key("current").Int(0).EndObject();
    });
  });
  server.Handle("GET", "/api/v1/notifications", [api](const auto&, auto& r) { Notifications(*api, r); });
  // No stream of them is offered; upstream says so in the same way when it has too many listeners.
  server.Handle("GET", "/api/v1/notifications/live", [](const auto&, auto& r) { r.SetStatus(204); });
  server.Handle("GET", "/api/v1/features", [api](const auto&, auto& r) { Features(*api, r); });
  server.Handle("GET", "/api/v1/status/flags", [api](const auto&, auto& r) { Flags(*api, r); });
  server.Handle("GET", "/api/v1/status/config", [api](const auto&, auto& r) {
    WriteSuccess(r, [&](JsonWriter& json) { json.BeginObject().Key("yaml").String(api->config_text()).EndObject(); });
  });
}

}  // namespace cachescope::api
