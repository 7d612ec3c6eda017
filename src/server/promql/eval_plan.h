// What one query evaluation knows about its tree before it starts: resolved times of selectors and subqueries (duration
// expressions, start(), end()), which subtrees do not depend on the step, and the time range of samples that can be
// needed.
//
// Keyed by node, so that a tree can be shared by concurrent evaluations. Immutable after Make.
#pragma once

#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/result.h"
#include "server/promql/ast.h"

namespace cachescope::promql {

struct QueryTimes {
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;  // 0: instant query
};

// The times of a vector selector, matrix selector (those of its selector and the range) or subquery.
struct NodeTimes {
  DurationMs offset = 0;
  std::optional<TimestampMs> at;
  DurationMs range = 0;
  DurationMs step = 0;  // subqueries
  // Whether histograms are only asked for counts and sums, so that unknown counter resets are found out while reading.
  bool infer_resets = false;
  // The evaluation time of a step, before range or lookback: `t` moved by `@` and offset.
  TimestampMs Shift(TimestampMs t) const;
};

// Additions that stop at the ends of the type instead of overflowing.
inline TimestampMs SaturatingAdd(TimestampMs a, DurationMs b) noexcept {
  TimestampMs out = 0;
  if (!__builtin_add_overflow(a, b, &out)) return out;
  return b > 0 ? std::numeric_limits<TimestampMs>::max() : std::numeric_limits<TimestampMs>::min();
}
inline TimestampMs SaturatingSub(TimestampMs a, DurationMs b) noexcept {
  TimestampMs out = 0;
  if (!__builtin_sub_overflow(a, b, &out)) return out;
  return b < 0 ? std::numeric_limits<TimestampMs>::max() : std::numeric_limits<TimestampMs>::min();
}

inline TimestampMs NodeTimes::Shift(TimestampMs t) const { return SaturatingSub(at.value_or(t), offset); }

// The tree below parentheses and step-invariant markers.
const Expr& Unwrap(const Expr& expr);

class Plan {
 public:
  // kInvalidArgument when a duration expression has no usable value.
  static Result<Plan> Make(const Expr& expr, const QueryTimes& times, DurationMs lookback,
                           DurationMs default_subquery_step);

  const QueryTimes& query() const { return query_; }
  // REQUIRES: `node` is a vector selector, matrix selector or subquery of the tree.
  const NodeTimes& times(const Expr& node) const { return times_.at(&node); }
  bool invariant(const Expr& node) const { return invariant_.contains(&node); }
  // All samples the query may read lie in [mint, maxt].
  TimestampMs mint() const { return mint_; }
  TimestampMs maxt() const { return maxt_; }

 private:
  Status Resolve(const Expr& expr);
  Status ResolveTimes(const TimeModifiers& modifiers, NodeTimes* out) const;
  bool MarkInvariant(const Expr& expr);
  void MarkInferredResets(const Expr& expr, bool totals_only);
  void Widen(const Expr& expr, TimestampMs from, TimestampMs to);

  QueryTimes query_;
  DurationMs lookback_ = 0;
  DurationMs default_subquery_step_ = 0;
  TimestampMs mint_ = 0;
  TimestampMs maxt_ = 0;
  std::unordered_map<const Expr*, NodeTimes> times_;
  std::unordered_set<const Expr*> invariant_;
};

}  // namespace cachescope::promql
