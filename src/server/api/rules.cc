// /api/v1/rules, alerts, alertmanagers.
#include "base/number.h"
#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

void WriteAlert(JsonWriter& json, const Alert& alert) {
  json.BeginObject().Key("labels").LabelObject(alert.labels).Key("annotations").LabelObject(alert.annotations);
  json.Key("state").String(AlertStateName(alert.state)).Key("activeAt").Time(alert.active_at);
  if (alert.keep_firing_since != 0) json.Key("keepFiringSince").Time(alert.keep_firing_since);
  json.Key("value").String(FormatScientific(alert.value)).EndObject();
}

void WriteAnnotations(JsonWriter& json, const std::vector<std::pair<std::string, std::string>>& annotations) {
  json.BeginObject();
  for (const auto& [name, text] : annotations) json.Key(name).String(text);
  json.EndObject();
}

void WriteRule(JsonWriter& json, const rules::RuleSnapshot& rule, bool with_alerts) {
  json.BeginObject();
  if (rule.alerting) json.Key("state").String(AlertStateName(rule.state));
  json.Key("name").String(rule.name).Key("query").String(rule.query);
  if (rule.alerting) {
    json.Key("duration").Double(static_cast<double>(rule.hold_duration) / 1000);
    json.Key("keepFiringFor").Double(static_cast<double>(rule.keep_firing_for) / 1000);
  }
  if (rule.alerting || !rule.labels.empty()) json.Key("labels").LabelObject(rule.labels);
  if (rule.alerting) {
    json.Key("annotations");
    WriteAnnotations(json, rule.annotations);
    json.Key("alerts").BeginArray();
    if (with_alerts) {
      for (const Alert& alert : rule.alerts) WriteAlert(json, alert);
    }
    json.EndArray();
  }
  json.Key("health").String(rule.health);
  if (!rule.last_error.empty()) json.Key("lastError").String(rule.last_error);
  json.Key("evaluationTime").Double(rule.evaluation_seconds).Key("lastEvaluation").Time(rule.last_evaluation);
  json.Key("type").String(rule.alerting ? "alerting" : "recording").EndObject();
}

bool Wanted(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

void Rules(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  const std::string type(params.Get("type"));
  if (!type.empty() && type != "alert" && type != "record") {
    return WriteError(response, "bad_data", "not supported value \"" + type + "\"");
  }
  const auto names = params.All("rule_name[]");
  const auto groups = params.All("rule_group[]");
  const auto files = params.All("file[]");
  const bool with_alerts = params.Get("exclude_alerts") != "true";
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("groups").BeginArray();
    for (const rules::GroupSnapshot& group : api.rules->Groups()) {
      if (!Wanted(groups, group.name) || !Wanted(files, group.file)) continue;
      std::vector<const rules::RuleSnapshot*> shown;
      for (const auto& rule : group.rules) {
        if (Wanted(names, rule.name) && (type.empty() || rule.alerting == (type == "alert"))) shown.push_back(&rule);
      }
      if (shown.empty() && !names.empty()) continue;
      json.BeginObject().Key("name").String(group.name).Key("file").String(group.file).Key("rules").BeginArray();
      for (const auto* rule : shown) WriteRule(json, *rule, with_alerts);
      json.EndArray().Key("interval").Double(static_cast<double>(group.interval) / 1000).Key("limit").Int(group.limit);
      json.Key("evaluationTime")
          .Double(group.evaluation_seconds)
          .Key("lastEvaluation")
          .Time(group.last_evaluation)
          .EndObject();
    }
    json.EndArray().EndObject();
  });
}

void Alerts(const ApiContext& api, http::ResponseWriter& response) {
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("alerts").BeginArray();
    for (const rules::GroupSnapshot& group : api.rules->Groups()) {
      for (const auto& rule : group.rules) {
        for (const Alert& alert : rule.alerts) WriteAlert(json, alert);
      }
    }
    json.EndArray().EndObject();
  });
}

}  // namespace

void RegisterRules(http::Server& server, std::shared_ptr<const ApiContext> api) {
  server.Handle("GET", "/api/v1/rules", [api](const auto& q, auto& r) { Rules(*api, q, r); });
  server.Handle("GET", "/api/v1/alerts", [api](const auto&, auto& r) { Alerts(*api, r); });
  server.Handle("GET", "/api/v1/alertmanagers", [](const auto&, auto& r) {
    // Notifications are sent by this process itself; none is handed to an Alertmanager.
    WriteSuccess(r, [](JsonWriter& json) {
      json.BeginObject()
          .Key("activeAlertmanagers")
          .BeginArray()
          .EndArray()
          .Key("droppedAlertmanagers")
          .BeginArray()
          .EndArray()
          .EndObject();
    });
  });
}

}  // namespace cachescope::api
