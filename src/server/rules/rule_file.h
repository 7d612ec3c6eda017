// Rule files in Prometheus' syntax: parsed and checked, not yet running. Internal to the module and to tools that check
// files.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "server/rules/rule_manager.h"

namespace cachescope::rules {

struct RuleDefinition {
  bool alerting = false;
  std::string name;
  std::string expr;  // as written
  DurationMs hold_duration = 0;
  DurationMs keep_firing_for = 0;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> annotations;
  bool operator==(const RuleDefinition&) const = default;
};

struct GroupDefinition {
  std::string name;
  std::string file;
  DurationMs interval = 0;                 // 0: the default
  std::optional<DurationMs> query_offset;  // none: the default
  std::int64_t limit = 0;
  std::vector<std::pair<std::string, std::string>> labels;  // added to every rule
  std::vector<RuleDefinition> rules;
  bool operator==(const GroupDefinition&) const = default;
};

// All problems of the file, each "FILE:LINE:COL: cause"; `*out` is complete only when there are none. `lenient`: fields
// nobody knows are no error.
std::vector<Status> ParseRuleFile(const RuleFile& file, const promql::ParserOptions& parser,
                                  std::vector<GroupDefinition>* out, bool lenient = false);

// Rules that share kind, name and labels: what they write may depend on the order of evaluation.
struct DuplicateRule {
  std::string name;
  Labels labels;
};
// Each name and label set once, sorted.
std::vector<DuplicateRule> FindDuplicates(const std::vector<GroupDefinition>& groups);

}  // namespace cachescope::rules
