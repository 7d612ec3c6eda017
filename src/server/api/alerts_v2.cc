// /api/v2/status, receivers, alerts, alerts/groups: Alertmanager's API for tools that know it.
#include <nlohmann/json.hpp>

#include "server/api/alertmanager.h"
#include "server/api/answer.h"

namespace cachescope::api {
namespace {

void StatusOf(const ApiContext& api, http::ResponseWriter& response) {
  WriteBare(response, [&](JsonWriter& json) {
    json.BeginObject().Key("cluster").BeginObject().Key("peers").BeginArray().EndArray();
    json.Key("status").String("disabled").EndObject();
    json.Key("config").BeginObject().Key("original").String(api.alerting_config()).EndObject();
    json.Key("uptime");
    WriteMillis(json, api.started_at);
    json.Key("versionInfo").BeginObject();
    json.Key("branch").String("").Key("buildDate").String(api.build.build_date).Key("buildUser").String("");
    json.Key("goVersion").String(api.build.compiler).Key("revision").String(api.build.revision);
    json.Key("version").String(api.build.version).EndObject().EndObject();
  });
}

void Receivers(const ApiContext& api, http::ResponseWriter& response) {
  const auto receivers = api.notifier->Receivers();
  WriteBare(response, [&](JsonWriter& json) {
    json.BeginArray();
    for (const notify::ReceiverView& receiver : receivers) {
      json.BeginObject().Key("name").String(receiver.name).EndObject();
    }
    json.EndArray();
  });
}

bool HasWantedReceiver(const AlertFilter& filter, const notify::AlertView& alert) {
  if (!filter.receiver) return true;
  for (const std::string& name : alert.receivers) {
    if (filter.WantsReceiver(name)) return true;
  }
  return false;
}

void GetAlerts(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto filter = ReadAlertFilter(request.query);
  if (!filter.ok()) return WriteBareError(response, filter.status());
  const notify::AlertSnapshot snapshot = api.notifier->Snapshot();
  WriteBare(response, [&](JsonWriter& json) {
    json.BeginArray();
    for (const notify::AlertView& alert : snapshot.alerts) {
      if (!filter->Wants(alert) || !HasWantedReceiver(*filter, alert)) continue;
      json.BeginObject();
      WriteAlertMembers(json, alert);
      json.EndObject();
    }
    json.EndArray();
  });
}

bool AllMuted(const notify::GroupView& group) {
  for (const notify::AlertView& alert : group.alerts) {
    if (alert.status.state != notify::AlertProcessing::kSuppressed) return false;
  }
  return true;
}

void GetGroups(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto filter = ReadAlertFilter(request.query);
  if (!filter.ok()) return WriteBareError(response, filter.status());
  const notify::AlertSnapshot snapshot = api.notifier->Snapshot();
  WriteBare(response, [&](JsonWriter& json) {
    json.BeginArray();
    for (const notify::GroupView& group : snapshot.groups) {
      if (!filter->WantsReceiver(group.receiver)) continue;
      if (!filter->muted && (AllMuted(group) || !group.muted_by.empty())) continue;
      bool begun = false;
      for (const notify::AlertView& alert : group.alerts) {
        if (!filter->Wants(alert)) continue;
        if (!begun) json.BeginObject().Key("alerts").BeginArray();
        begun = true;
        json.BeginObject();
        WriteAlertMembers(json, alert);
        json.EndObject();
      }
      if (!begun) continue;
      json.EndArray().Key("labels").LabelObject(group.labels).Key("receiver").BeginObject();
      json.Key("name").String(group.receiver).EndObject();
      json.Key("routeLabels").BeginObject().EndObject().EndObject();
    }
    json.EndArray();
  });
}

Result<notify::ExternalAlert> ReadAlert(const nlohmann::json& json) {
  if (!json.is_object()) return InvalidArgument("an alert must be an object");
  notify::ExternalAlert out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.labels, LabelsField(json, "labels"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.annotations, LabelsField(json, "annotations"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.starts_at, TimeField(json, "startsAt"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.ends_at, TimeField(json, "endsAt"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.generator_url, TextField(json, "generatorURL"));
  return out;
}

void PostAlerts(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto json = nlohmann::json::parse(request.body, nullptr, false);
  if (!json.is_array()) return WriteBareError(response, 400, "the body must be a JSON array of alerts");
  std::vector<notify::ExternalAlert> alerts;
  alerts.reserve(json.size());
  for (const auto& one : json) {
    auto alert = ReadAlert(one);
    if (!alert.ok()) {
      return WriteBareError(response, alert.status().WithPrefix("alert " + std::to_string(alerts.size())));
    }
    alerts.push_back(std::move(*alert));
  }
  const Status status = api.notifier->PutExternal(alerts);
  if (!status.ok()) WriteBareError(response, status);
}

}  // namespace

void RegisterAlertsV2(http::Server& server, std::shared_ptr<const ApiContext> api) {
  if (api->notifier == nullptr) return;
  server.Handle("GET", "/api/v2/status", [api](const auto&, auto& r) { StatusOf(*api, r); });
  server.Handle("GET", "/api/v2/receivers", [api](const auto&, auto& r) { Receivers(*api, r); });
  server.Handle("GET", "/api/v2/alerts", [api](const auto& q, auto& r) { GetAlerts(*api, q, r); });
  server.Handle("POST", "/api/v2/alerts", [api](const auto& q, auto& r) { PostAlerts(*api, q, r); });
  server.Handle("GET", "/api/v2/alerts/groups", [api](const auto& q, auto& r) { GetGroups(*api, q, r); });
}

}  // namespace cachescope::api
