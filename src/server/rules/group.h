// A running rule group: its rules, their alert states and the series they wrote. Internal to the module.
//
// Evaluate is called by one thread at a time; Snapshot by any. `mu_` guards all state that Snapshot reads.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "server/promql/ast.h"
#include "server/rules/rule_file.h"
#include "server/rules/rule_manager.h"
#include "server/template/template.h"

namespace cachescope::rules {

// What an evaluation uses; all outlive the group.
struct EvaluationContext {
  const promql::Engine* engine = nullptr;
  storage::Storage* storage = nullptr;
  AlertSink* sink = nullptr;  // may be null
};

struct RunningRule {
  RuleDefinition definition;
  promql::ExprPtr expr;
  std::string query;                    // canonical text
  std::map<std::string, Alert> alerts;  // by label bytes; also resolved ones until they are forgotten
  std::unordered_map<Labels, storage::SeriesRef> written;  // series of the last evaluation, to end what vanished
  std::string health = "unknown";
  std::string last_error;
  double evaluation_seconds = 0;
  TimestampMs last_evaluation = 0;
};

class Group {
 public:
  // REQUIRES: every expression of `definition` parses.
  Group(GroupDefinition definition, const RuleManagerOptions& options);

  const GroupDefinition& definition() const { return definition_; }
  DurationMs interval() const { return interval_; }
  // This group's share of its interval, so that groups do not all start at once.
  DurationMs Offset() const;

  // Runs every rule as of `t`, writes results, updates alert states, sends alerts. `now` is used for durations shown
  // only.
  void Evaluate(const EvaluationContext& context, TimestampMs t);
  void NoteMissed(std::uint64_t iterations);
  // Writes staleness markers for every series of the group; called when it is removed.
  void End(const EvaluationContext& context, TimestampMs t);
  GroupSnapshot Snapshot() const;

 private:
  using Vector = std::vector<promql::ResultSeries>;
  Status EvaluateRule(const EvaluationContext& context, RunningRule& rule, TimestampMs t);
  Result<Vector> Query(const EvaluationContext& context, const RunningRule& rule, TimestampMs t) const;
  Result<Vector> Record(const RunningRule& rule, Vector result) const;
  Result<Vector> UpdateAlerts(const EvaluationContext& context, RunningRule& rule, Vector result, TimestampMs t);
  Status NewAlert(const EvaluationContext& context, const RunningRule& rule, const promql::ResultSeries& series,
                  TimestampMs t, Alert* out) const;
  void AdvanceAlerts(RunningRule& rule, std::map<std::string, Alert> seen, TimestampMs t);
  static Vector AlertSeries(const RunningRule& rule, TimestampMs t);
  Status Write(const EvaluationContext& context, RunningRule& rule, const Vector& series, TimestampMs t);
  void SendAlerts(const EvaluationContext& context, RunningRule& rule, TimestampMs t) const;
  templating::Environment TemplateEnvironment(const EvaluationContext& context, const Labels& labels, double value,
                                              TimestampMs t) const;

  const GroupDefinition definition_;
  const DurationMs interval_;
  const RuleManagerOptions options_;
  mutable std::mutex mu_;
  std::vector<RunningRule> rules_;
  double evaluation_seconds_ = 0;
  TimestampMs last_evaluation_ = 0;
  std::uint64_t evaluations_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace cachescope::rules
