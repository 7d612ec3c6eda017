// What is shown of rules and their groups. Plain data; copies taken under lock.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/alert.h"
#include "model/labels.h"
#include "server/rules/selector_check.h"

namespace cachescope::rules {

// What the HTTP API shows of a rule; a copy taken under lock.
struct RuleSnapshot {
  bool alerting = false;
  std::string name;              // record or alert
  std::string query;             // canonical text
  DurationMs hold_duration = 0;  // for
  DurationMs keep_firing_for = 0;
  Labels labels;
  std::vector<std::pair<std::string, std::string>> annotations;  // templates, not expanded
  std::vector<Alert> alerts;                                     // pending and firing, sorted by labels
  AlertState state = AlertState::kInactive;                      // worst of its alerts
  std::string health = "unknown";                                // ok, err, unknown
  std::string last_error;
  double evaluation_seconds = 0;
  TimestampMs last_evaluation = 0;
  std::vector<SelectorFinding> selectors;  // of the last check; empty before the first
};

struct GroupSnapshot {
  std::string name;
  std::string file;  // empty: of thresholds set at run time
  DurationMs interval = 0;
  std::int64_t limit = 0;
  DurationMs query_offset = 0;
  std::vector<RuleSnapshot> rules;
  double evaluation_seconds = 0;
  TimestampMs last_evaluation = 0;
  std::uint64_t evaluations = 0;
  std::uint64_t failures = 0;
  std::uint64_t missed = 0;  // iterations left out or cut because one took longer than the interval
};

// Sums over all groups that are loaded now.
struct RuleStats {
  std::uint64_t groups = 0;
  std::uint64_t rules = 0;
  std::uint64_t evaluations = 0;
  std::uint64_t failures = 0;
  std::uint64_t missed = 0;
  std::uint64_t pending = 0;  // alerts
  std::uint64_t firing = 0;
  std::uint64_t dead_selectors = 0;  // SelectorVerdict::kNothing, of the last check
};

}  // namespace cachescope::rules
