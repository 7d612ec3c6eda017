// The alerting half of a group: results into states, states into series and messages; going on after a restart.
#include <algorithm>
#include <unordered_map>

#include "base/log.h"
#include "model/sample.h"
#include "server/rules/group.h"

namespace cachescope::rules {

Status Group::UpdateAlerts(const EvaluationContext& context, RunningRule& rule, const Vector& result,
                           const EvaluationTime& time) {
  // Nothing to see and nothing to end: the usual case of most rules.
  if (result.empty() && rule.alerts.empty()) return {};
  TemplateReach reach;
  reach.now = time.at;
  reach.query = [&](const std::string& text) {
    promql::QueryContext limits;
    limits.cancelled = context.cancelled;
    return context.engine->Instant(*context.storage, text, time.at, limits);
  };
  rule.alerts.Begin();
  std::vector<AlertElement> elements;
  elements.reserve(result.size());
  for (const promql::ResultSeries& series : result) {
    AlertTexts::Element element(*rule.texts, series, reach);
    AlertElement& next = elements.emplace_back();
    {
      Labels labels = element.AlertLabels();
      const std::lock_guard lock(mu_);
      next.alert = rule.alerts.Find(std::move(labels));
    }
    if (next.alert == nullptr) {
      const std::lock_guard lock(mu_);
      rule.alerts.Abandon();
      return InvalidArgument("vector contains metrics with the same labelset after applying alert labels");
    }
    next.value = element.value();
    const Alert& known = next.alert->alert;
    const bool active = known.state == AlertState::kPending || known.state == AlertState::kFiring;
    if (active && rule.texts->pure() && known.value == next.value && series.histograms.empty()) continue;
    next.new_annotations = true;
    if (context.expand_annotations) next.annotations = element.Annotations();
  }
  const AlertTiming timing{rule.definition.hold_duration, rule.definition.keep_firing_for, definition_.limit,
                           time.steady < hold_until_, &context.dropped_pending};
  const auto appender = restore_in_ > 0 || !context.write ? nullptr : context.storage->NewAppender();
  Status written;
  {
    const std::lock_guard lock(mu_);
    CACHESCOPE_RETURN_IF_ERROR(rule.alerts.Advance(std::move(elements), time, timing));
    if (appender == nullptr) return {};
    written = rule.alerts.Write(appender.get(), time.at - query_offset_);
  }
  CACHESCOPE_RETURN_IF_ERROR(appender->Commit());
  const std::lock_guard lock(mu_);
  rule.alerts.Written();
  return written;
}

void Group::SendAlerts(const EvaluationContext& context, RunningRule& rule, const EvaluationTime& time) {
  if (context.sink == nullptr) return;
  std::vector<Alert> out;
  {
    const std::lock_guard lock(mu_);
    if (rule.alerts.empty()) return;
    // Upstream's promise: valid for four rounds of the slower of interval and resend delay.
    out = rule.alerts.TakeDue(time, options_.resend_delay, 4 * std::max(options_.resend_delay, interval_));
  }
  if (out.empty()) return;
  const std::string url = GeneratorUrl(options_.external_url, rule.query);
  for (Alert& alert : out) {
    alert.generator_url = url;
    for (const LabelView& label : options_.external_labels) {
      if (!alert.labels.Has(label.name)) {
        alert.labels = LabelsBuilder(alert.labels).Set(label.name, label.value).Build();
      }
    }
  }
  context.sink->Send(out);
}

void Group::Restore(const EvaluationContext& context, const EvaluationTime& time) {
  const auto querier = context.storage->NewQuerier(time.at - options_.outage_tolerance, time.at);
  for (RunningRule& rule : rules_) {
    // A rule that waits no longer than the grace period just waits again.
    if (!rule.definition.alerting || rule.definition.hold_duration < options_.grace_period) continue;
    RestoreRule(*querier, rule, time);
  }
}

void Group::RestoreRule(storage::Querier& querier, RunningRule& rule, const EvaluationTime& time) {
  std::vector<Matcher> matchers = {Matcher::Equal(std::string(kMetricName), "ALERTS_FOR_STATE")};
  for (const auto& [name, value] : rule.texts->fixed_labels()) {
    if (!value.empty()) matchers.push_back(Matcher::Equal(name, value));
  }
  storage::SelectHints hints;
  hints.mint = time.at - options_.outage_tolerance;
  hints.maxt = time.at;
  const auto found = querier.Select(false, hints, matchers);
  if (!found.ok()) {
    LogWarn("cannot restore alerts", {{"rule", rule.definition.name}, {"error", found.status().ToString()}});
    return;
  }
  std::unordered_map<Labels, const storage::Series*> by_labels;
  for (const auto& series : found->series) by_labels.emplace(WithOverrides(series->labels(), {}), series.get());
  const DurationMs hold = rule.definition.hold_duration;
  const std::lock_guard lock(mu_);
  rule.alerts.VisitPending([&](ActiveAlert* active) {
    const auto series = by_labels.find(active->alert.labels);
    if (series == by_labels.end()) return;
    storage::SampleColumns columns;
    if (!series->second->Read(hints.mint, hints.maxt, &columns).ok() || columns.timestamps.empty()) return;
    // The marker says that it was not active when the program went down.
    if (IsStaleMarker(columns.values.back())) return;
    const TimestampMs down_at = columns.timestamps.back();
    TimestampMs active_at = static_cast<TimestampMs>(columns.values.back()) * 1000;
    const DurationMs left = hold - (down_at - active_at);
    if (left > 0) {
      active_at = left < options_.grace_period ? time.at + options_.grace_period - hold  // it must not fire at once
                                               : active_at + (time.at - down_at);        // the outage does not count
    }
    active->active_steady += active_at - active->alert.active_at;
    active->alert.active_at = active_at;
  });
}

}  // namespace cachescope::rules
