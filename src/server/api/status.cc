// /-/healthy, /-/ready, /-/reload, /metrics, /api/v1/status/*.
#include "server/api/answer.h"
#include "server/api/api.h"
#include "base/duration.h"

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
  const tsdb::HeadStats stats = api.head->Stats();
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("startTime").Time(api.started_at).Key("serverTime").Time(api.clock->NowMs()).Key("hostname").String(api.hostname);
    json.Key("reloadConfigSuccess").Bool(api.last_reload_ok()).Key("lastConfigTime").Time(api.last_reload_at());
    json.Key("corruptionCount").Int(0).Key("timeSeriesCount").Int(static_cast<std::int64_t>(stats.series));
    json.Key("storageRetention").String(api.retention > 0 ? FormatDuration(api.retention) : "").EndObject();
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
  server.Handle("GET", "/api/v1/status/flags", [api](const auto&, auto& r) { Flags(*api, r); });
  server.Handle("GET", "/api/v1/status/config", [api](const auto&, auto& r) {
    WriteSuccess(r, [&](JsonWriter& json) { json.BeginObject().Key("yaml").String(api->config_text()).EndObject(); });
  });
}

}  // namespace cachescope::api
