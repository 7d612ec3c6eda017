// The alerting half of a group: states, ALERTS series, sending.
#include "base/log.h"
#include "base/percent.h"
#include "server/rules/group.h"

namespace cachescope::rules {
namespace {

// A resolved alert is kept and told this long, so that a receiver that was away still learns of it.
constexpr DurationMs kResolvedRetention = 15 * 60 * 1000;

templating::Value LabelsValue(const Labels& labels) {
  templating::Map map;
  for (const LabelView& label : labels) map.emplace(std::string(label.name), templating::Value(label.value));
  return {std::move(map), true};
}

templating::Value SampleList(const promql::QueryResult& result) {
  templating::List list;
  if (result.type == promql::ValueType::kScalar) {
    list.push_back(templating::Map{{"Labels", LabelsValue({})}, {"Value", templating::Value(result.scalar.v)}});
  }
  for (const auto& series : result.series) {
    if (series.floats.empty()) continue;
    list.push_back(
        templating::Map{{"Labels", LabelsValue(series.labels)}, {"Value", templating::Value(series.floats.front().v)}});
  }
  return {std::move(list)};
}

// A template that fails must not lose the alert: the text says what went wrong, as upstream's does.
std::string Expand(const std::string& name, const std::string& text, const templating::Environment& environment) {
  if (text.find("{{") == std::string::npos) return text;
  const templating::Map data{{"Labels", environment.variables.at("$labels")},
                             {"ExternalLabels", environment.variables.at("$externalLabels")},
                             {"ExternalURL", environment.variables.at("$externalURL")},
                             {"Value", environment.variables.at("$value")}};
  auto result = templating::ExpandTemplate(name, text, templating::Value(data), environment);
  if (result.ok()) return std::move(*result);
  LogWarn("cannot expand alert template", {{"error", std::string(result.status().message())}});
  return "<error expanding template: " + std::string(result.status().message()) + ">";
}

}  // namespace

templating::Environment Group::TemplateEnvironment(const EvaluationContext& context, const Labels& labels, double value,
                                                   TimestampMs t) const {
  templating::Environment out;
  out.external_url = options_.external_url;
  out.variables["$labels"] = LabelsValue(labels);
  out.variables["$value"] = templating::Value(value);
  out.variables["$externalLabels"] = LabelsValue(options_.external_labels);
  out.variables["$externalURL"] = templating::Value(options_.external_url);
  out.query = [context, t](const std::string& query) -> Result<templating::Value> {
    CACHESCOPE_ASSIGN_OR_RETURN(const promql::QueryResult result, context.engine->Instant(*context.storage, query, t));
    return SampleList(result);
  };
  return out;
}

Status Group::NewAlert(const EvaluationContext& context, const RunningRule& rule, const promql::ResultSeries& series,
                       TimestampMs t, Alert* out) const {
  // Templates see the labels of the series without its name; an element without a float value has value 0.
  out->value = series.floats.empty() ? 0 : series.floats.front().v;
  const Labels source = LabelsBuilder(series.labels).Delete(kMetricName).Build();
  const templating::Environment environment = TemplateEnvironment(context, source, out->value, t);
  LabelsBuilder labels(source);
  for (const auto& [name, text] : rule.definition.labels)
    labels.Set(name, Expand("__alert_" + rule.definition.name, text, environment));
  labels.Set("alertname", rule.definition.name);
  LabelsBuilder annotations;
  for (const auto& [name, text] : rule.definition.annotations) {
    annotations.Set(name, Expand("__alert_" + rule.definition.name, text, environment));
  }
  out->labels = labels.Build();
  out->annotations = annotations.Build();
  out->state = AlertState::kPending;
  out->active_at = t;
  out->generator_url = options_.external_url + "/graph?g0.expr=" + PercentEncode(rule.query) + "&g0.tab=1";
  return {};
}

Result<Group::Vector> Group::UpdateAlerts(const EvaluationContext& context, RunningRule& rule, Vector result,
                                          TimestampMs t) {
  std::map<std::string, Alert> seen;
  for (const promql::ResultSeries& series : result) {
    Alert alert;
    CACHESCOPE_RETURN_IF_ERROR(NewAlert(context, rule, series, t, &alert));
    const std::string key = alert.labels.bytes();
    if (!seen.emplace(key, std::move(alert)).second) {
      return InvalidArgument("vector contains metrics with the same labelset after applying alert labels");
    }
  }
  const std::lock_guard lock(mu_);
  AdvanceAlerts(rule, std::move(seen), t);
  return AlertSeries(rule, t);
}

void Group::AdvanceAlerts(RunningRule& rule, std::map<std::string, Alert> seen, TimestampMs t) {
  for (auto& [key, fresh] : seen) {
    const auto known = rule.alerts.find(key);
    if (known != rule.alerts.end() && known->second.state != AlertState::kResolved) {
      known->second.value = fresh.value;
      known->second.annotations = fresh.annotations;
    } else {
      rule.alerts[key] = fresh;
    }
  }
  for (auto it = rule.alerts.begin(); it != rule.alerts.end();) {
    Alert& alert = it->second;
    const bool present = seen.find(it->first) != seen.end();
    if (present) {
      alert.keep_firing_since = 0;
      if (alert.state == AlertState::kPending && t - alert.active_at >= rule.definition.hold_duration) {
        alert.state = AlertState::kFiring;
        alert.fired_at = t;
      }
      ++it;
      continue;
    }
    if (alert.state == AlertState::kFiring && rule.definition.keep_firing_for > 0) {
      if (alert.keep_firing_since == 0) alert.keep_firing_since = t;
      if (t - alert.keep_firing_since < rule.definition.keep_firing_for) {
        ++it;
        continue;
      }
    }
    const bool forget = alert.state == AlertState::kPending ||
                        (alert.state == AlertState::kResolved && t - alert.resolved_at > kResolvedRetention);
    if (forget) {
      it = rule.alerts.erase(it);
      continue;
    }
    if (alert.state == AlertState::kFiring) {
      alert.state = AlertState::kResolved;
      alert.resolved_at = t;
      alert.keep_firing_since = 0;
    }
    ++it;
  }
}

Group::Vector Group::AlertSeries(const RunningRule& rule, TimestampMs t) {
  Vector out;
  for (const auto& [key, alert] : rule.alerts) {
    if (alert.state == AlertState::kResolved) continue;
    promql::ResultSeries alerts;
    alerts.labels =
        LabelsBuilder(alert.labels).Set(kMetricName, "ALERTS").Set("alertstate", AlertStateName(alert.state)).Build();
    alerts.floats.push_back({t, 1});
    out.push_back(std::move(alerts));
    promql::ResultSeries since;
    since.labels = LabelsBuilder(alert.labels).Set(kMetricName, "ALERTS_FOR_STATE").Build();
    since.floats.push_back({t, static_cast<double>(alert.active_at / 1000)});
    out.push_back(std::move(since));
  }
  return out;
}

void Group::SendAlerts(const EvaluationContext& context, RunningRule& rule, TimestampMs t) const {
  if (context.sink == nullptr) return;
  std::vector<Alert> out;
  {
    const std::lock_guard lock(mu_);
    for (auto& [key, alert] : rule.alerts) {
      if (alert.state == AlertState::kPending) continue;
      const bool newly_resolved = alert.resolved_at > alert.last_sent_at;
      const bool newly_firing = alert.state == AlertState::kFiring && alert.last_sent_at < alert.fired_at;
      if (!newly_resolved && !newly_firing && t - alert.last_sent_at < options_.resend_delay) continue;
      alert.last_sent_at = t;
      // Upstream's promise: valid for four rounds of the slower of interval and resend delay.
      alert.valid_until = t + 4 * std::max(options_.resend_delay, interval_);
      Alert copy = alert;
      for (const LabelView& label : options_.external_labels) {
        if (!copy.labels.Has(label.name)) copy.labels = LabelsBuilder(copy.labels).Set(label.name, label.value).Build();
      }
      out.push_back(std::move(copy));
    }
  }
  if (!out.empty()) context.sink->Send(out);
}

}  // namespace cachescope::rules
