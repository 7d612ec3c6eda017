// /api/v1/alerting/thresholds: alerts made at run time.
#include <nlohmann/json.hpp>

#include "base/duration.h"
#include "base/rfc3339.h"
#include "server/api/alertmanager.h"
#include "server/api/answer.h"
#include "server/rules/threshold_store.h"

namespace cachescope::api {
namespace {

using Json = nlohmann::json;
using rules::Threshold;

// The state of each threshold's rule, by id.
std::map<std::string, AlertState> States(const ApiContext& api) {
  std::map<std::string, AlertState> out;
  for (const rules::GroupSnapshot& group : api.rules->Groups(false)) {
    if (!group.file.empty()) continue;
    for (const rules::RuleSnapshot& rule : group.rules) {
      out[std::string(rule.labels.Get("threshold_id"))] = rule.state;
    }
  }
  return out;
}

void WriteThreshold(JsonWriter& json, const Threshold& threshold, const std::map<std::string, AlertState>& states) {
  json.BeginObject().Key("id").String(threshold.id).Key("name").String(threshold.name);
  const std::string selector =
      threshold.metric + (threshold.matchers.empty() ? std::string() : "{" + threshold.matchers + "}");
  json.Key("expression").String(threshold.expr.empty() ? selector : threshold.expr);
  json.Key("operator").String(rules::ThresholdOperatorText(threshold.op)).Key("value").Double(threshold.value);
  json.Key("severity").String(threshold.severity).Key("for").String(FormatDuration(threshold.hold));
  json.Key("cooldown").String(FormatDuration(threshold.cooldown)).Key("escalation").BeginArray();
  for (const rules::EscalationStep& step : threshold.escalation) {
    json.BeginObject().Key("after").String(FormatDuration(step.after)).Key("severity").String(step.severity);
    json.Key("receiver").String(step.receiver).EndObject();
  }
  json.EndArray().Key("receiver").String(threshold.receiver).Key("summary").String(threshold.summary);
  json.Key("enabled").Bool(threshold.enabled).Key("author").String(threshold.author);
  json.Key("createdAt").Time(threshold.created_at).Key("updatedAt").Time(threshold.updated_at);
  const auto state = states.find(threshold.id);
  json.Key("state").String(AlertStateName(state == states.end() ? AlertState::kInactive : state->second)).EndObject();
}

// The names of the API for those of the module; what only this program sets is left out.
Result<Threshold> ReadThreshold(const http::Request& request) {
  CACHESCOPE_ASSIGN_OR_RETURN(Json body, ParseBody(request));
  if (body.contains("expression")) {
    body["expr"] = std::move(body["expression"]);
    body.erase("expression");
  }
  for (const char* key : {"createdAt", "updatedAt", "state"}) body.erase(key);
  return rules::ThresholdFromJson(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void List(const ApiContext& api, http::ResponseWriter& response) {
  const auto states = States(api);
  const std::vector<Threshold> thresholds = api.thresholds->List();
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("thresholds").BeginArray();
    for (const Threshold& threshold : thresholds) WriteThreshold(json, threshold, states);
    json.EndArray().EndObject();
  });
}

void One(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto threshold = api.thresholds->Get(std::string(request.PathParam("id")));
  if (!threshold.ok()) return WriteStatus(response, threshold.status());
  const auto states = States(api);
  WriteSuccess(response, [&](JsonWriter& json) { WriteThreshold(json, *threshold, states); });
}

void Set(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  auto threshold = ReadThreshold(request);
  if (!threshold.ok()) return WriteStatus(response, threshold.status());
  const std::string_view id = request.PathParam("id");
  if (!id.empty() && !threshold->id.empty() && threshold->id != id) {
    return WriteError(response, "bad_data", "id: the address says " + std::string(id) + ", the body " + threshold->id);
  }
  if (!id.empty()) threshold->id = id;
  const auto set = api.thresholds->Set(std::move(*threshold), api.clock->NowMs());
  if (!set.ok()) return WriteStatus(response, set.status());
  WriteSuccess(response, [&](JsonWriter& json) { WriteThreshold(json, *set, {}); });
}

void Remove(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const Status status = api.thresholds->Remove(std::string(request.PathParam("id")));
  if (!status.ok()) return WriteStatus(response, status);
  WriteSuccess(response, [](JsonWriter& json) { json.BeginObject().EndObject(); });
}

}  // namespace

void RegisterAlertingThresholds(http::Server& server, std::shared_ptr<const ApiContext> api) {
  if (api->thresholds == nullptr) return;
  const std::string base = "/api/v1/alerting/thresholds";
  server.Handle("GET", base, [api](const auto&, auto& r) { List(*api, r); });
  server.Handle("POST", base, [api](const auto& q, auto& r) { Set(*api, q, r); });
  server.Handle("GET", base + "/:id", [api](const auto& q, auto& r) { One(*api, q, r); });
  server.Handle("PUT", base + "/:id", [api](const auto& q, auto& r) { Set(*api, q, r); });
  server.Handle("DELETE", base + "/:id", [api](const auto& q, auto& r) { Remove(*api, q, r); });
}

}  // namespace cachescope::api
