// /api/v1/alerting/explain/FINGERPRINT and /api/v1/alerting/selectors.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "server/api/alertmanager.h"
#include "server/api/answer.h"
#include "server/doctor/alert_explanation.h"
#include "server/notify/fingerprint.h"

namespace cachescope::api {
namespace {

// Alerts and notes this near to the beginning of one are shown with it.
constexpr DurationMs kNear = 15 * 60'000;

// An alert with the rule that makes it; of an alert from outside only what it says itself.
struct Explained {
  Alert alert;
  Labels rule_labels;
  std::string query;
};

// The notifier knows alerts with the external labels.
notify::Fingerprint FingerprintAsTold(const Labels& labels, const Labels& external) {
  LabelsBuilder told(labels);
  for (const LabelView& label : external) {
    if (told.Get(label.name).empty()) told.Set(label.name, label.value);
  }
  return notify::FingerprintOf(told.Build());
}

Result<Explained> FindAlert(const ApiContext& api, notify::Fingerprint fingerprint) {
  const Labels external = api.external_labels();
  for (const rules::GroupSnapshot& group : api.rules->Groups()) {
    for (const rules::RuleSnapshot& rule : group.rules) {
      for (const Alert& alert : rule.alerts) {
        if (FingerprintAsTold(alert.labels, external) == fingerprint) return Explained{alert, rule.labels, rule.query};
      }
    }
  }
  return NotFound("no rule of this program has an active alert with this fingerprint");
}

void WriteValues(JsonWriter& json, const doctor::AlertValues& values) {
  json.Key("values").BeginObject().Key("query").String(values.query).Key("comparison").String(values.comparison);
  json.Key("threshold");
  values.threshold ? json.String(FormatApiFloat(*values.threshold)) : json.Null();
  json.Key("points").BeginArray();
  for (const Sample& point : values.points) {
    json.BeginArray().Timestamp(point.t).SampleValue(point.v).EndArray();
  }
  json.EndArray().EndObject();
}

void WriteChanges(JsonWriter& json, const std::vector<doctor::Change>& changes) {
  json.Key("changes").BeginArray();
  for (const doctor::Change& change : changes) {
    json.BeginObject().Key("at").Time(change.at).Key("kind").String(change.kind).Key("text").String(change.text);
    json.Key("series").LabelObject(change.series).EndObject();
  }
  json.EndArray();
}

void WriteMoved(JsonWriter& json, const std::vector<doctor::MovedSeries>& moved) {
  json.Key("moved").BeginArray();
  for (const doctor::MovedSeries& one : moved) {
    json.BeginObject().Key("series").LabelObject(one.series).Key("rate").Bool(one.rate);
    json.Key("before").String(FormatApiFloat(one.before)).Key("after").String(FormatApiFloat(one.after));
    json.Key("score").Double(one.score).Key("onset").Time(one.onset).EndObject();
  }
  json.EndArray();
}

void WriteNeighbours(JsonWriter& json, const ApiContext& api, notify::Fingerprint self, TimestampMs began) {
  json.Key("alerts").BeginArray();
  const Labels external = api.external_labels();
  for (const rules::GroupSnapshot& group : api.rules->Groups()) {
    for (const rules::RuleSnapshot& rule : group.rules) {
      for (const Alert& alert : rule.alerts) {
        const notify::Fingerprint fingerprint = FingerprintAsTold(alert.labels, external);
        if (fingerprint == self || std::abs(alert.active_at - began) > kNear) continue;
        json.BeginObject().Key("fingerprint").String(notify::FingerprintText(fingerprint));
        json.Key("alertname").String(rule.name).Key("startsAt").Time(alert.active_at).EndObject();
      }
    }
  }
  json.EndArray();
}

void WriteNotes(JsonWriter& json, const ApiContext& api, TimestampMs began) {
  storage::EventFilter filter;
  filter.kind = "annotation";
  filter.mint = began - 2 * kNear;
  filter.maxt = began + kNear;
  filter.limit = 20;
  json.Key("annotations").BeginArray();
  const auto events = api.state == nullptr
                          ? Result<std::vector<storage::StateEvent>>(std::vector<storage::StateEvent>())
                          : api.state->Events(filter);
  for (const storage::StateEvent& event : events.ok() ? *events : std::vector<storage::StateEvent>()) {
    const auto value = nlohmann::json::parse(event.value, nullptr, false);
    if (!value.is_object()) continue;
    json.BeginObject().Key("at").Time(event.at).Key("text").String(value.value("text", ""));
    json.Key("tags").Raw(value.value("tags", nlohmann::json::array()).dump()).EndObject();
  }
  json.EndArray();
}

void Explain(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto fingerprint = notify::ParseFingerprint(request.PathParam("fingerprint"));
  if (!fingerprint) return WriteError(response, "bad_data", "fingerprint: expected 16 hexadecimal digits");
  const auto found = FindAlert(api, *fingerprint);
  if (!found.ok()) return WriteError(response, "not_found", found.status().message());
  doctor::ExplanationRequest ask;
  ask.query = found->query;
  ask.labels = found->alert.labels;
  ask.rule_labels = found->rule_labels;
  ask.began = found->alert.active_at;
  ask.now = api.clock->NowMs();
  ask.cancelled = api.cancel_queries;
  const auto explained = doctor::ExplainAlert(*api.engine, *api.storage, ask);
  if (!explained.ok()) return WriteExecutionError(response, explained.status());
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("fingerprint").String(notify::FingerprintText(*fingerprint));
    json.Key("alertname").String(found->alert.labels.Get("alertname")).Key("query").String(found->query);
    WriteValues(json, explained->values);
    WriteChanges(json, explained->changes);
    WriteMoved(json, explained->moved);
    json.Key("seriesRead").Int(static_cast<std::int64_t>(explained->series_read));
    json.Key("seriesCut").Bool(explained->series_cut);
    WriteNeighbours(json, api, *fingerprint, ask.began);
    WriteNotes(json, api, ask.began);
    json.Key("runbook").String(found->alert.annotations.Get("runbook_url")).EndObject();
  });
}

void WriteFinding(JsonWriter& json, const rules::GroupSnapshot& group, const rules::RuleSnapshot& rule,
                  const rules::SelectorFinding& finding) {
  json.BeginObject().Key("group").String(group.name).Key("file").String(group.file).Key("rule").String(rule.name);
  json.Key("selector").String(finding.selector).Key("verdict").String(rules::SelectorVerdictName(finding.verdict));
  json.Key("why").String(finding.why).Key("repair").String(finding.repair).Key("lastMatchedAt");
  finding.last_matched_at == 0 ? json.Null() : json.Time(finding.last_matched_at);
  json.EndObject();
}

// Rules come with the program for caches that this user may not have: that a metric of theirs is not there at all says
// nothing. That one is there under other labels does.
bool WorthTelling(const rules::GroupSnapshot& group, const rules::SelectorFinding& finding) {
  if (finding.verdict != rules::SelectorVerdict::kNothing) return false;
  return !group.file.starts_with("catalog/") || !finding.why.starts_with("there is no metric");
}

void Selectors(const ApiContext& api, http::ResponseWriter& response) {
  const std::vector<rules::GroupSnapshot> groups = api.rules->Groups(false);
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("findings").BeginArray();
    for (const rules::GroupSnapshot& group : groups) {
      for (const rules::RuleSnapshot& rule : group.rules) {
        for (const rules::SelectorFinding& finding : rule.selectors) {
          if (WorthTelling(group, finding)) WriteFinding(json, group, rule, finding);
        }
      }
    }
    json.EndArray().EndObject();
  });
}

}  // namespace

void RegisterAlertingExplain(http::Server& server, std::shared_ptr<const ApiContext> api) {
  if (api->rules == nullptr) return;
  const std::string base = "/api/v1/alerting/";
  server.Handle("GET", base + "explain/:fingerprint", [api](const auto& q, auto& r) { Explain(*api, q, r); });
  server.Handle("GET", base + "selectors", [api](const auto&, auto& r) { Selectors(*api, r); });
}

}  // namespace cachescope::api
