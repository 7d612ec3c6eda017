// Every selector of an expression, with how far back it looks and what the expression makes of its being empty. Pure.
#pragma once

#include <functional>

#include "server/promql/ast.h"

namespace cachescope::rules {

// What an empty selector means for the result of the whole expression.
enum class SelectorRole : unsigned char {
  kRequired,     // no series here, no result
  kAlternative,  // one side of `or`: the other may yield results
  kSubtracted,   // right of `unless`: empty takes nothing away
  kAbsent,       // inside absent() or absent_over_time(): empty is what it waits for
};
const char* SelectorRoleName(SelectorRole role) noexcept;  // "required", "alternative", "subtracted", "absent"

struct SelectorUse {
  const promql::VectorSelector* selector = nullptr;  // lives as long as the expression
  SelectorRole role = SelectorRole::kRequired;
  DurationMs range = 0;   // of its own brackets and of all subqueries around it, ms; 0: instant
  DurationMs offset = 0;  // sum of its own and those of subqueries around it; may be negative
  bool pinned = false;    // by @, itself or a subquery around it
};

// In the order of the text. Ranges and offsets that are expressions of durations count as 0. Linear.
void VisitSelectors(const promql::Expr& expr, const std::function<void(const SelectorUse&)>& visit);

}  // namespace cachescope::rules
