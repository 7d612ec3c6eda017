// Thresholds: alerting rules that people set at run time, one comparison each, instead of in a file. Plain data, its
// checks, its JSON, and the rule it means. Who stores them and who may set them is not decided here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/rules/rule_file.h"

namespace cachescope::rules {

enum class ThresholdOperator : unsigned char { kGreater, kGreaterEqual, kLess, kLessEqual, kEqual, kNotEqual };
const char* ThresholdOperatorText(ThresholdOperator op) noexcept;  // ">", ">=", "<", "<=", "==", "!="

// Somebody to tell when an alert has been firing for that long and nobody acknowledged it.
struct EscalationStep {
  DurationMs after = 0;
  std::string severity;  // told instead of the threshold's own; empty: its own
  std::string receiver;  // who is told then
  bool operator==(const EscalationStep&) const = default;
};

struct Threshold {
  std::string id;        // [A-Za-z0-9_-]{1,64}; identifies it for ever
  std::string name;      // the alert's name
  std::string expr;      // a PromQL expression; or else
  std::string metric;    // a metric and
  std::string matchers;  // what is between its braces: `job="redis",instance=~"a.*"`; may be empty
  ThresholdOperator op = ThresholdOperator::kGreater;
  double value = 0;
  std::string severity = "warning";  // critical, warning or info
  DurationMs hold = 0;               // for
  DurationMs cooldown = 0;           // told at most once per this time; for the notifier
  std::vector<EscalationStep> escalation;
  std::string receiver;  // empty: as the route tree says
  std::string summary;   // may hold templates
  bool enabled = true;
  std::string author;
  TimestampMs created_at = 0;
  TimestampMs updated_at = 0;
  bool operator==(const Threshold&) const = default;
};

// Bounds: 1,000 thresholds, 20 escalation steps, texts up to 10,000 bytes, durations up to a year.
// kInvalidArgument "FIELD: cause" for the first field that is wrong.
Status CheckThreshold(const Threshold& threshold, const promql::ParserOptions& parser = {});

// `(EXPR) OP VALUE`. REQUIRES: it validates.
std::string ThresholdExpr(const Threshold& threshold);
// The alerting rule it means, with labels severity and threshold_id (and receiver when it has one), by which the
// notifier finds the rest.
RuleDefinition ThresholdRule(const Threshold& threshold);
// The group "thresholds" of those that are enabled; empty when none is. kInvalidArgument "threshold ID: FIELD: cause",
// also when two have one id.
Result<std::vector<GroupDefinition>> ThresholdGroup(const std::vector<Threshold>& thresholds,
                                                    const promql::ParserOptions& parser);

// JSON: one object, all fields, durations as "5m", times as ms since the epoch. Parsing refuses unknown fields and
// wrong types with "LINE:COL: cause", absent fields keep their defaults; it does not validate.
std::string ThresholdToJson(const Threshold& threshold);
Result<Threshold> ThresholdFromJson(std::string_view json);

}  // namespace cachescope::rules
