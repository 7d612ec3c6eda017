// Functions of instant vectors and scalars, by name.
#pragma once

#include <string_view>

#include "server/promql/eval.h"

namespace cachescope::promql {

struct CallContext {
  Evaluator& ev;
  const Call& call;
  const Grid& grid;
  std::string_view name() const { return call.function->name; }
  const Expr& arg(std::size_t i) const { return Unwrap(*call.args[i]); }
  std::size_t args() const { return call.args.size(); }
  // REQUIRES: argument i is a string.
  const std::string& text(std::size_t i) const { return static_cast<const StringLiteral&>(arg(i)).value; }
  Result<SeriesBlock> Vector(std::size_t i) const { return ev.EvalVector(*call.args[i], grid); }
  Result<std::vector<double>> Scalar(std::size_t i) const { return ev.EvalScalar(*call.args[i], grid); }
};

using CallFunction = Result<Value> (*)(const CallContext& context);
// Null when there is no such function (range functions are elsewhere).
CallFunction FindCallFunction(std::string_view name);

Value ScalarValue(std::vector<double> values);
// Charges the block, drops metric names and wraps it.
Result<Value> NamelessVector(Evaluator* ev, SeriesBlock block);
// Charges the block, checks unique labels and wraps it.
Result<Value> RelabelledVector(Evaluator* ev, SeriesBlock block);

Result<Value> CallMath(const CallContext& c);   // function_math.cc: abs … tanh, sgn, deg, rad
Result<Value> CallClamp(const CallContext& c);  // clamp, clamp_min, clamp_max
Result<Value> CallRound(const CallContext& c);
Result<Value> CallConstant(const CallContext& c);  // pi, time, start, end, range, step
Result<Value> CallExtreme(const CallContext& c);   // max_of, min_of
Result<Value> CallScalar(const CallContext& c);
Result<Value> CallVector(const CallContext& c);
Result<Value> CallTimestamp(const CallContext& c);  // function_time.cc
Result<Value> CallStartTimestamp(const CallContext& c);
Result<Value> CallDate(const CallContext& c);
Result<Value> CallAbsent(const CallContext& c);  // function_absent.cc
Result<Value> CallAbsentOverTime(const CallContext& c);
Result<Value> CallLabelReplace(const CallContext& c);  // function_label.cc
Result<Value> CallLabelJoin(const CallContext& c);
Result<Value> CallSort(const CallContext& c);  // function_sort.cc
Result<Value> CallSortByLabel(const CallContext& c);
Result<Value> CallHistogramProperty(const CallContext& c);  // function_histogram.cc: count, sum, avg, stddev, stdvar
Result<Value> CallHistogramQuantile(const CallContext& c);
Result<Value> CallHistogramQuantiles(const CallContext& c);
Result<Value> CallHistogramFraction(const CallContext& c);
Result<Value> CallInfo(const CallContext& c);  // function_info.cc

}  // namespace cachescope::promql
