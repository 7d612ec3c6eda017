#include "server/rules/group.h"

#include <algorithm>

#include "base/hash.h"
#include "base/log.h"
#include "base/percent.h"
#include "server/rules/dependency.h"

namespace cachescope::rules {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

RunningRule MakeRule(const RuleDefinition& definition, const GroupDefinition& group,
                     const RuleManagerOptions& options) {
  RunningRule rule;
  rule.definition = definition;
  // A rule's own label wins over the group's of the same name.
  for (const auto& [name, value] : group.labels) {
    bool own = false;
    for (const auto& [mine, unused] : definition.labels) own = own || mine == name;
    if (!own) rule.definition.labels.emplace_back(name, value);
  }
  rule.expr = std::move(*promql::ParseExpr(definition.expr, options.parser));
  rule.query = promql::ToString(*rule.expr);
  if (definition.alerting) {
    rule.texts = std::make_unique<AlertTexts>(rule.definition, options);
  } else {
    rule.overrides = rule.definition.labels;
    rule.overrides.emplace_back(kMetricName, definition.name);
    SortOverrides(&rule.overrides);
  }
  return rule;
}

// What makes two rules the same one for a reload.
bool SameIdentity(const RuleDefinition& a, const RuleDefinition& b) {
  return a.alerting == b.alerting && a.name == b.name && Labels::FromPairs(a.labels) == Labels::FromPairs(b.labels);
}

}  // namespace

Group::Group(GroupDefinition definition, const RuleManagerOptions& options)
    : definition_(std::move(definition)),
      interval_(definition_.interval > 0 ? definition_.interval : options.evaluation_interval),
      query_offset_(definition_.query_offset.value_or(options.query_offset)),
      options_(options) {
  rules_.reserve(definition_.rules.size());
  std::vector<RuleView> views;
  for (const RuleDefinition& rule : definition_.rules) rules_.push_back(MakeRule(rule, definition_, options));
  for (const RunningRule& rule : rules_) views.push_back({&rule.definition, rule.expr.get()});
  levels_ = LevelsOf(views);
}

DurationMs Group::Offset() const {
  return static_cast<DurationMs>(Hash64(definition_.file + ";" + definition_.name) %
                                 static_cast<std::uint64_t>(interval_));
}

void Group::NoteMissed(std::uint64_t iterations) {
  const std::lock_guard lock(mu_);
  missed_ += iterations;
}

bool Group::Evaluate(const EvaluationContext& context, const EvaluationTime& time) {
  const std::lock_guard running(run_mu_);
  if (replaced_) return false;
  const auto start = std::chrono::steady_clock::now();
  round_failures_ = 0;
  cut_ = false;
  for (const auto& level : levels_) EvaluateLevel(context, level, time);
  if (restore_in_ > 0 && --restore_in_ == 0) Restore(context, time);
  const std::lock_guard lock(mu_);
  evaluation_seconds_ = SecondsSince(start);
  last_evaluation_ = time.at;
  ++evaluations_;
  failures_ += round_failures_;
  if (cut_) ++missed_;
  return true;
}

void Group::EvaluateLevel(const EvaluationContext& context, const std::vector<std::size_t>& level,
                          const EvaluationTime& time) {
  const std::size_t helpers = context.helpers == nullptr ? 0 : std::min(context.helpers->Idle(), level.size() - 1);
  if (helpers == 0) {
    for (const std::size_t index : level) EvaluateAndNote(context, index, time);
    return;
  }
  // Helpers may come late, when the level is long done: what they look at first must outlive it.
  struct Shared {
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> done{0};
    std::size_t size = 0;
  };
  const auto shared = std::make_shared<Shared>();
  shared->size = level.size();
  const auto work = [this, &context, &level, &time, shared] {
    for (std::size_t i = shared->next++; i < shared->size; i = shared->next++) {
      EvaluateAndNote(context, level[i], time);
      if (++shared->done == shared->size) shared->done.notify_all();
    }
  };
  for (std::size_t i = 0; i < helpers; ++i) context.helpers->Post(work);
  work();
  for (std::size_t done = shared->done; done != shared->size; done = shared->done) shared->done.wait(done);
}

void Group::EvaluateAndNote(const EvaluationContext& context, std::size_t index, const EvaluationTime& time) {
  const auto start = std::chrono::steady_clock::now();
  Status status;
  if (start >= context.deadline) {
    status = DeadlineExceeded("the group took longer than its interval: this rule was left out");
    cut_ = true;
  } else {
    status = EvaluateRule(context, index, time);
  }
  RunningRule& rule = rules_[index];
  const std::lock_guard lock(mu_);
  rule.evaluation_seconds = SecondsSince(start);
  rule.last_evaluation = time.at;
  rule.health = status.ok() ? "ok" : "err";
  if (status.ok()) {
    rule.last_error.clear();
    return;
  }
  ++round_failures_;
  if (status.code() == Code::kDeadlineExceeded && std::chrono::steady_clock::now() >= context.deadline) cut_ = true;
  if (rule.last_error == status.message()) return;
  rule.last_error = status.message();
  LogWarn("rule failed",
          {{"group", definition_.name}, {"rule", rule.definition.name}, {"error", std::string(status.message())}});
}

Status Group::EvaluateRule(const EvaluationContext& context, std::size_t index, const EvaluationTime& time) {
  CACHESCOPE_ASSIGN_OR_RETURN(Vector result, Query(context, rules_[index], time.at - query_offset_));
  return Apply(context, index, std::move(result), time);
}

Result<Group::Vector> Group::Query(const EvaluationContext& context, const RunningRule& rule, TimestampMs t) const {
  promql::QueryContext limits;
  limits.cancelled = context.cancelled;
  if (context.deadline != std::chrono::steady_clock::time_point::max()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(context.deadline - std::chrono::steady_clock::now());
    limits.timeout = std::clamp(left, std::chrono::milliseconds(1), context.engine->options().timeout);
  }
  CACHESCOPE_ASSIGN_OR_RETURN(
      promql::QueryResult result,
      context.engine->Evaluate(*context.storage, *rule.expr, rule.definition.expr, t, t, 0, true, limits));
  if (result.type == promql::ValueType::kScalar) {
    promql::ResultSeries series;
    series.floats.push_back({t, result.scalar.v});
    result.series.clear();
    result.series.push_back(std::move(series));
  }
  return std::move(result.series);
}

Status Group::Apply(const EvaluationContext& context, std::size_t index, Vector result, const EvaluationTime& time) {
  RunningRule& rule = rules_[index];
  if (!rule.definition.alerting) return Record(context, rule, std::move(result), time.at - query_offset_);
  const Status status = UpdateAlerts(context, rule, result, time);
  // Alerts are told even when the store refuses what we write about them.
  SendAlerts(context, rule, time);
  return status;
}

Status Group::Record(const EvaluationContext& context, RunningRule& rule, Vector result, TimestampMs t) {
  if (definition_.limit > 0 && result.size() > static_cast<std::size_t>(definition_.limit)) {
    return LimitExceeded("exceeded limit of " + std::to_string(definition_.limit) + " with " +
                         std::to_string(result.size()) + " series");
  }
  if (!context.write || (result.empty() && rule.written.size() == 0)) return {};
  for (promql::ResultSeries& series : result) series.labels = WithOverrides(series.labels, rule.overrides);
  const auto appender = context.storage->NewAppender();
  Status refused;
  CACHESCOPE_RETURN_IF_ERROR(rule.written.Write(appender.get(), result, t, &refused));
  CACHESCOPE_RETURN_IF_ERROR(appender->Commit());
  rule.written.Written();
  return refused;
}

void Group::TakeStateFrom(Group& from) {
  const std::scoped_lock running(run_mu_, from.run_mu_);
  const std::scoped_lock lock(mu_, from.mu_);
  from.replaced_ = true;
  restore_in_ = std::max(restore_in_, from.restore_in_);
  hold_until_ = std::max(hold_until_, from.hold_until_);
  std::vector<bool> taken(from.rules_.size(), false);
  for (RunningRule& rule : rules_) {
    if (rule.health != "unknown") continue;  // has a state already
    for (std::size_t i = 0; i < from.rules_.size(); ++i) {
      if (taken[i] || !SameIdentity(rule.definition, from.rules_[i].definition)) continue;
      taken[i] = true;
      RunningRule& old = from.rules_[i];
      rule.alerts = std::move(old.alerts);
      rule.written = std::move(old.written);
      old.alerts = {};
      old.written = {};
      if (old.definition.expr == rule.definition.expr) {
        rule.health = old.health;
        rule.last_error = old.last_error;
        rule.evaluation_seconds = old.evaluation_seconds;
        rule.last_evaluation = old.last_evaluation;
        rule.selectors = std::move(old.selectors);
      }
      break;
    }
  }
  if (definition_.name == from.definition_.name && definition_.file == from.definition_.file) {
    evaluations_ += from.evaluations_;
    failures_ += from.failures_;
    missed_ += from.missed_;
    last_evaluation_ = from.last_evaluation_;
    evaluation_seconds_ = from.evaluation_seconds_;
  }
}

void Group::End(const EvaluationContext& context, TimestampMs t) {
  const std::lock_guard running(run_mu_);
  replaced_ = true;
  const auto appender = context.storage->NewAppender();
  const std::lock_guard lock(mu_);
  for (RunningRule& rule : rules_) {
    Status refused;
    rule.alerts.EndAll();
    static_cast<void>(rule.alerts.Write(appender.get(), t));
    static_cast<void>(rule.written.Write(appender.get(), {}, t, &refused));
  }
  static_cast<void>(appender->Commit());
}

}  // namespace cachescope::rules
