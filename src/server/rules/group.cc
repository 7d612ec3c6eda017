#include "server/rules/group.h"

#include <chrono>

#include "base/hash.h"
#include "base/log.h"

namespace cachescope::rules {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

RunningRule MakeRule(const RuleDefinition& definition, const GroupDefinition& group,
                     const promql::ParserOptions& parser) {
  RunningRule rule;
  rule.definition = definition;
  // A rule's own label wins over the group's of the same name.
  for (const auto& [name, value] : group.labels) {
    bool own = false;
    for (const auto& [mine, unused] : definition.labels) own = own || mine == name;
    if (!own) rule.definition.labels.emplace_back(name, value);
  }
  rule.expr = std::move(*promql::ParseExpr(definition.expr, parser));
  rule.query = promql::ToString(*rule.expr);
  return rule;
}

AlertState Worst(const std::map<std::string, Alert>& alerts) {
  AlertState worst = AlertState::kInactive;
  for (const auto& [key, alert] : alerts) {
    if (alert.state == AlertState::kFiring) return AlertState::kFiring;
    if (alert.state == AlertState::kPending) worst = AlertState::kPending;
  }
  return worst;
}

}  // namespace

Group::Group(GroupDefinition definition, const RuleManagerOptions& options)
    : definition_(std::move(definition)),
      interval_(definition_.interval > 0 ? definition_.interval : options.evaluation_interval),
      options_(options) {
  for (const RuleDefinition& rule : definition_.rules) rules_.push_back(MakeRule(rule, definition_, options.parser));
}

DurationMs Group::Offset() const {
  return static_cast<DurationMs>(Hash64(definition_.file + ";" + definition_.name) %
                                 static_cast<std::uint64_t>(interval_));
}

void Group::NoteMissed(std::uint64_t iterations) {
  const std::lock_guard lock(mu_);
  missed_ += iterations;
}

void Group::Evaluate(const EvaluationContext& context, TimestampMs t) {
  const auto start = std::chrono::steady_clock::now();
  const TimestampMs at = t - definition_.query_offset;
  std::uint64_t failures = 0;
  for (RunningRule& rule : rules_) {
    const auto rule_start = std::chrono::steady_clock::now();
    const Status status = EvaluateRule(context, rule, at);
    const std::lock_guard lock(mu_);
    rule.evaluation_seconds = SecondsSince(rule_start);
    rule.last_evaluation = t;
    rule.health = status.ok() ? "ok" : "err";
    if (!status.ok()) {
      ++failures;
      if (rule.last_error != status.message()) {
        LogWarn(
            "rule failed",
            {{"group", definition_.name}, {"rule", rule.definition.name}, {"error", std::string(status.message())}});
      }
    }
    rule.last_error = status.message();
  }
  const std::lock_guard lock(mu_);
  evaluation_seconds_ = SecondsSince(start);
  last_evaluation_ = t;
  ++evaluations_;
  failures_ += failures;
}

Status Group::EvaluateRule(const EvaluationContext& context, RunningRule& rule, TimestampMs t) {
  CACHESCOPE_ASSIGN_OR_RETURN(Vector result, Query(context, rule, t));
  if (definition_.limit > 0 && result.size() > static_cast<std::size_t>(definition_.limit)) {
    return LimitExceeded("exceeded limit of " + std::to_string(definition_.limit) + " with " +
                         std::to_string(result.size()) + (rule.definition.alerting ? " alerts" : " series"));
  }
  Vector out;
  if (rule.definition.alerting) {
    CACHESCOPE_ASSIGN_OR_RETURN(out, UpdateAlerts(context, rule, std::move(result), t));
  } else {
    CACHESCOPE_ASSIGN_OR_RETURN(out, Record(rule, std::move(result)));
  }
  const Status written = Write(context, rule, out, t);
  // Alerts are told even when the store refuses what we write about them.
  if (rule.definition.alerting) SendAlerts(context, rule, t);
  return written;
}

Result<Group::Vector> Group::Query(const EvaluationContext& context, const RunningRule& rule, TimestampMs t) const {
  CACHESCOPE_ASSIGN_OR_RETURN(
      promql::QueryResult result,
      context.engine->Evaluate(*context.storage, *rule.expr, rule.definition.expr, t, t, 0, true, {}));
  if (result.type == promql::ValueType::kScalar) {
    promql::ResultSeries series;
    series.floats.push_back({t, result.scalar.v});
    result.series = {std::move(series)};
  }
  return std::move(result.series);
}

Result<Group::Vector> Group::Record(const RunningRule& rule, Vector result) const {
  std::unordered_map<Labels, bool> seen;
  for (promql::ResultSeries& series : result) {
    LabelsBuilder builder(series.labels);
    builder.Set(kMetricName, rule.definition.name);
    for (const auto& [name, value] : rule.definition.labels) builder.Set(name, value);
    series.labels = builder.Build();
    if (!seen.emplace(series.labels, true).second) {
      return InvalidArgument("vector contains metrics with the same labelset after applying rule labels");
    }
  }
  return result;
}

Status Group::Write(const EvaluationContext& context, RunningRule& rule, const Vector& series, TimestampMs t) {
  const auto appender = context.storage->NewAppender();
  std::unordered_map<Labels, storage::SeriesRef> written;
  Status first;
  for (const promql::ResultSeries& one : series) {
    const auto known = rule.written.find(one.labels);
    const storage::SeriesRef ref = known == rule.written.end() ? 0 : known->second;
    Result<storage::SeriesRef> next = one.histograms.empty()
                                          ? appender->Append(ref, one.labels, t, one.floats.front().v)
                                          : appender->AppendHistogram(ref, one.labels, t, one.histograms.front().h);
    if (next.ok()) {
      written.emplace(one.labels, *next);
    } else if (first.ok() && next.status().code() != Code::kDuplicateSample &&
               next.status().code() != Code::kOutOfOrder) {
      first = next.status().WithPrefix("cannot store " + one.labels.ToString());
    }
  }
  for (const auto& [labels, ref] : rule.written) {
    if (written.find(labels) == written.end()) static_cast<void>(appender->Append(ref, labels, t, StaleMarker()));
  }
  CACHESCOPE_RETURN_IF_ERROR(appender->Commit());
  rule.written = std::move(written);
  return first;
}

void Group::End(const EvaluationContext& context, TimestampMs t) {
  for (RunningRule& rule : rules_) {
    static_cast<void>(Write(context, rule, {}, t));
  }
}

GroupSnapshot Group::Snapshot() const {
  GroupSnapshot out;
  out.name = definition_.name;
  out.file = definition_.file;
  out.interval = interval_;
  out.limit = definition_.limit;
  const std::lock_guard lock(mu_);
  for (const RunningRule& rule : rules_) {
    RuleSnapshot& snapshot = out.rules.emplace_back();
    snapshot.alerting = rule.definition.alerting;
    snapshot.name = rule.definition.name;
    snapshot.query = rule.query;
    snapshot.hold_duration = rule.definition.hold_duration;
    snapshot.keep_firing_for = rule.definition.keep_firing_for;
    snapshot.labels = Labels::FromPairs(rule.definition.labels);
    snapshot.annotations = rule.definition.annotations;
    for (const auto& [key, alert] : rule.alerts) {
      if (alert.state == AlertState::kPending || alert.state == AlertState::kFiring) snapshot.alerts.push_back(alert);
    }
    snapshot.state = Worst(rule.alerts);
    snapshot.health = rule.health;
    snapshot.last_error = rule.last_error;
    snapshot.evaluation_seconds = rule.evaluation_seconds;
    snapshot.last_evaluation = rule.last_evaluation;
  }
  out.evaluation_seconds = evaluation_seconds_;
  out.last_evaluation = last_evaluation_;
  out.evaluations = evaluations_;
  out.failures = failures_;
  out.missed = missed_;
  return out;
}

}  // namespace cachescope::rules
