// absent and absent_over_time.
#include <algorithm>

#include "server/promql/eval_range.h"
#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

// The order in which upstream comes to see the matchers: its index moves those that can only take series away to the
// end, in place.
std::vector<const Matcher*> UpstreamOrder(const std::vector<Matcher>& matchers) {
  const auto must_be_set = [&](const std::string& name) {
    return std::any_of(matchers.begin(), matchers.end(),
                       [&](const Matcher& m) { return m.name() == name && !m.Matches(""); });
  };
  const auto takes_away = [&](const Matcher* m) {
    const bool negative = m->type() == MatchType::kNotEqual || m->type() == MatchType::kNotRegex;
    return !must_be_set(m->name()) || (negative && m->Matches(""));
  };
  std::vector<const Matcher*> order;
  for (const Matcher& matcher : matchers) order.push_back(&matcher);
  std::stable_partition(order.begin(), order.end(), [&](const Matcher* m) { return !takes_away(m); });
  return order;
}

// The labels an absent series would have: those the selector fixes with "=". A matcher that is seen later and does not
// fix the label, or fixes it again, takes it out.
Labels AbsentLabels(const Expr& arg) {
  const VectorSelector* selector = nullptr;
  if (arg.kind == ExprKind::kVectorSelector) selector = &static_cast<const VectorSelector&>(arg);
  if (arg.kind == ExprKind::kMatrixSelector) selector = static_cast<const MatrixSelector&>(arg).selector.get();
  if (selector == nullptr) return Labels();
  LabelsBuilder builder;
  std::vector<std::string> fixed;
  for (const Matcher* each : UpstreamOrder(selector->matchers)) {
    const Matcher& matcher = *each;
    if (matcher.name() == kMetricName) continue;
    const bool seen = std::find(fixed.begin(), fixed.end(), matcher.name()) != fixed.end();
    if (matcher.type() == MatchType::kEqual && !seen) {
      builder.Set(matcher.name(), matcher.value());
      fixed.push_back(matcher.name());
    } else {
      builder.Delete(matcher.name());
    }
  }
  return builder.Build();
}

// One series that is 1 where no row of `block` has a cell.
Result<Value> Absence(const CallContext& c, const SeriesBlock& block) {
  const std::size_t steps = c.grid.steps;
  std::vector<unsigned char> present(steps, 0);
  for (std::size_t row = 0; row < block.rows(); ++row) {
    for (std::size_t step = 0; step < steps; ++step) {
      if (block.cells(row)[step] != Cell::kNone) present[step] = 1;
    }
  }
  Value value;
  value.block = SeriesBlock(steps);
  value.block.AddRow(AbsentLabels(c.arg(0)), false);
  for (std::size_t step = 0; step < steps; ++step) {
    if (present[step] == 0) value.block.SetFloat(0, step, 1);
  }
  value.block.RemoveEmptyRows();
  CACHESCOPE_RETURN_IF_ERROR(value.block.Charge(&c.ev.budget()));
  return value;
}

}  // namespace

Result<Value> CallAbsent(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(const SeriesBlock block, c.Vector(0));
  return Absence(c, block);
}

Result<Value> CallAbsentOverTime(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(const Value present, EvalRangeCall(&c.ev, c.call, 0, c.grid));
  return Absence(c, present.block);
}

}  // namespace cachescope::promql
