// How near an alerting rule came to firing: the least distance between the two sides of its comparison while it did
// not hold.
#pragma once

#include <optional>

#include "server/promql/engine.h"

namespace cachescope::rules {

struct NearMiss {
  Labels labels;        // of the element, without the metric name
  TimestampMs at = 0;   // when it was nearest
  double value = 0;     // left side; NaN when it could not be told
  double bound = 0;     // right side; the same
  double distance = 0;  // > 0, in the unit of the values
};

class NearMissFinder {
 public:
  // `expr` outlives the finder.
  explicit NearMissFinder(const promql::Expr& expr);
  // Whether the expression has a comparison that decides: `a > b`, possibly in parentheses or left of `and` and
  // `unless`. `!=` has no distance.
  bool useful() const { return difference_ != nullptr; }
  // Looks at start, start + step … end. Costs one range query. Errors: the engine's.
  Status Look(const promql::Engine& engine, storage::Queryable& storage, TimestampMs start, TimestampMs end,
              DurationMs step);
  // The nearest so far, with both sides looked up. Costs one instant query.
  std::optional<NearMiss> Nearest(const promql::Engine& engine, storage::Queryable& storage) const;

 private:
  const promql::Binary* comparison_ = nullptr;
  promql::ExprPtr difference_;  // left - right
  std::optional<NearMiss> nearest_;
  double difference_at_nearest_ = 0;
};

}  // namespace cachescope::rules
