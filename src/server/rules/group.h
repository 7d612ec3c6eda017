// A running rule group: its rules, their alert states and the series they wrote. Internal to the module.
//
// Evaluate, Apply, End and TakeStateFrom are called by one thread at a time (`run_mu_`); Snapshot and the counts by
// any. `mu_` guards all state that Snapshot reads; it is taken after `run_mu_`.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "server/rules/group_timer.h"
#include "server/rules/running_rule.h"

namespace cachescope::rules {

class Group {
 public:
  using Vector = std::vector<promql::ResultSeries>;

  // REQUIRES: every expression of `definition` parses.
  Group(GroupDefinition definition, const RuleManagerOptions& options);

  const GroupDefinition& definition() const { return definition_; }
  DurationMs interval() const { return interval_; }
  DurationMs query_offset() const { return query_offset_; }
  // This group's share of its interval, so that groups do not all start at once.
  DurationMs Offset() const;
  const std::vector<RunningRule>& rules() const { return rules_; }

  // Runs every rule as of `time`, writes results, updates alert states, sends alerts. Rules that the deadline leaves
  // out keep their state, and the evaluation counts as missed. False: the group has been replaced.
  bool Evaluate(const EvaluationContext& context, const EvaluationTime& time);
  // The second half of it for one rule: what to do with the result of its expression. REQUIRES: nobody evaluates.
  Status Apply(const EvaluationContext& context, std::size_t rule, Vector result, const EvaluationTime& time);
  void NoteMissed(std::uint64_t iterations);
  // The wall clock has jumped: for a while alerts that vanish are taken for victims of that.
  void HoldUntil(TimestampMs steady) { hold_until_ = steady; }
  // `for` goes on where it was before a restart: after the second evaluation from now; until then nothing is said about
  // alerts in the store.
  void RestoreLater() { restore_in_ = 2; }

  // Moves the state of every rule of `from` that this group has too, by kind, name and labels, as upstream does. What
  // is not taken stays in `from`, which evaluates no more. Waits for an evaluation that runs.
  void TakeStateFrom(Group& from);
  // Writes staleness markers for every series of the group; called when it is removed. It evaluates no more.
  void End(const EvaluationContext& context, TimestampMs t);

  GroupSnapshot Snapshot(bool with_alerts) const;
  void AddTo(RuleStats* stats) const;
  void SetFindings(std::vector<std::vector<SelectorFinding>> by_rule);

 private:
  Status EvaluateRule(const EvaluationContext& context, std::size_t index, const EvaluationTime& time);
  void EvaluateLevel(const EvaluationContext& context, const std::vector<std::size_t>& level,
                     const EvaluationTime& time);
  void EvaluateAndNote(const EvaluationContext& context, std::size_t index, const EvaluationTime& time);
  Result<Vector> Query(const EvaluationContext& context, const RunningRule& rule, TimestampMs t) const;
  Status Record(const EvaluationContext& context, RunningRule& rule, Vector result, TimestampMs t);
  Status UpdateAlerts(const EvaluationContext& context, RunningRule& rule, const Vector& result,
                      const EvaluationTime& time);
  void SendAlerts(const EvaluationContext& context, RunningRule& rule, const EvaluationTime& time);
  void Restore(const EvaluationContext& context, const EvaluationTime& time);
  void RestoreRule(storage::Querier& querier, RunningRule& rule, const EvaluationTime& time);

  const GroupDefinition definition_;
  const DurationMs interval_;
  const DurationMs query_offset_;
  const RuleManagerOptions options_;
  std::vector<std::vector<std::size_t>> levels_;  // see dependency.h
  std::mutex run_mu_;
  bool replaced_ = false;               // guarded by run_mu_
  TimestampMs hold_until_ = INT64_MIN;  // guarded by run_mu_; steady
  int restore_in_ = 0;                  // evaluations; guarded by run_mu_
  std::atomic<std::uint64_t> round_failures_{0};
  std::atomic<bool> cut_{false};
  mutable std::mutex mu_;
  std::vector<RunningRule> rules_;
  double evaluation_seconds_ = 0;
  TimestampMs last_evaluation_ = 0;
  std::uint64_t evaluations_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace cachescope::rules
