// absent and absent_over_time.
#include <algorithm>

#include "server/promql/eval_range.h"
#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

// The labels an absent series would have: those the selector fixes with "=", each exactly once.
Labels AbsentLabels(const Expr& arg) {
  const VectorSelector* selector = nullptr;
  if (arg.kind == ExprKind::kVectorSelector) selector = &static_cast<const VectorSelector&>(arg);
  if (arg.kind == ExprKind::kMatrixSelector) selector = static_cast<const MatrixSelector&>(arg).selector.get();
  if (selector == nullptr) return Labels();
  LabelsBuilder builder;
  std::vector<std::string> several;
  for (const Matcher& matcher : selector->matchers) {
    if (matcher.name() == kMetricName) continue;
    if (matcher.type() == MatchType::kEqual && builder.Get(matcher.name()).empty()) {
      builder.Set(matcher.name(), matcher.value());
    } else {
      several.push_back(matcher.name());
    }
  }
  for (const std::string& name : several) builder.Delete(name);
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
