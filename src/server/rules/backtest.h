// Replays rules over recorded history with the real state machine: when would each have fired, how near was it, and
// could it fire at all.
//
// Expressions are evaluated as range queries over stretches of time, and each step's result is given to the group as
// if it had just been queried; rules that read their own group's older results are replayed step by step. Groups keep
// the slots the daemon would use, so firings equal those the daemon records.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/promql/engine.h"
#include "server/rules/near_miss.h"
#include "server/rules/rule_manager.h"

namespace cachescope::rules {

struct BacktestOptions {
  TimestampMs from = 0;  // ms, inclusive
  TimestampMs to = 0;
  DurationMs evaluation_interval = 60'000;  // of groups that state none
  std::size_t max_samples = 50'000'000;     // that recording rules may write
  bool near_misses = true;                  // costs a second query per alerting rule
  // Between stretches; `done` goes from 0 to 1. False ends the replay with kCancelled.
  std::function<bool(double done)> progress;
  // The hour of a time where people sleep, 0 to 23; absent: the machine's time zone.
  std::function<int(TimestampMs)> local_hour;
};

struct Firing {
  Labels labels;
  TimestampMs start = 0;
  TimestampMs end = 0;  // 0: still firing at the end of the replay
};

struct Pending {
  Labels labels;
  TimestampMs at = 0;     // since when
  DurationMs lasted = 0;  // up to the evaluation that saw it gone
};

struct BacktestRule {
  std::string group;
  std::string file;
  std::string name;
  std::string expr;
  bool alerting = false;
  bool stepwise = false;  // replayed step by step
  std::uint64_t evaluations = 0;
  std::uint64_t failures = 0;
  std::string first_error;
  std::vector<Firing> firings;  // by start; the first kMostFirings
  std::size_t firing_count = 0;
  DurationMs firing_time = 0;  // of all firings together, within the replay
  std::size_t flaps = 0;       // firings that began within 15 minutes of the end of one with the same labels
  std::size_t night = 0;       // firings that began between 22 and 7 o'clock
  std::optional<Pending> longest_pending;  // that did not become firing
  std::optional<NearMiss> nearest;
  std::vector<SelectorFinding> selectors;  // over the whole replay
  double seconds = 0;                      // of work
};

inline constexpr std::size_t kMostFirings = 1000;

struct BacktestReport {
  std::vector<BacktestRule> rules;
  std::vector<std::string> notes;  // what may differ from a live run, and why
};

// kInvalidArgument with file, line and column when a file does not parse, or `from` is not before `to`; kCancelled.
// What goes wrong in a rule is told with the rule.
Result<BacktestReport> Backtest(const std::vector<RuleFile>& files, const promql::Engine& engine,
                                storage::Queryable& history, const BacktestOptions& options);

}  // namespace cachescope::rules
