// Which rules must run after which: so that rules that have nothing to do with each other can run side by side, and
// yet every rule sees what it would see if all ran one after the other. Pure.
#pragma once

#include <vector>

#include "server/promql/ast.h"
#include "server/rules/rule_file.h"

namespace cachescope::rules {

struct RuleView {
  const RuleDefinition* definition = nullptr;  // with the labels of its group
  const promql::Expr* expr = nullptr;
};

// Whether `reader` may select a series that `writer` writes: by metric name, by the writer's own labels (those without
// a template) and, for ALERTS and ALERTS_FOR_STATE, by alertname. A template that runs queries may read anything.
bool MayRead(const RuleView& reader, const RuleView& writer);
bool MayWriteSame(const RuleView& a, const RuleView& b);

// Rules by level, in file order inside a level: no rule touches another of its level, and of two that touch, the one
// that stands first in the file is in the earlier level. O(n²) comparisons of names, a second for 10,000 rules in one
// group.
std::vector<std::vector<std::size_t>> LevelsOf(const std::vector<RuleView>& rules);

}  // namespace cachescope::rules
