#include "server/promql/function_call.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

namespace cachescope::promql {
namespace {

absl::flat_hash_map<std::string_view, CallFunction> BuildTable() {
  absl::flat_hash_map<std::string_view, CallFunction> table = {
      {"clamp", CallClamp},
      {"clamp_min", CallClamp},
      {"clamp_max", CallClamp},
      {"round", CallRound},
      {"scalar", CallScalar},
      {"vector", CallVector},
      {"timestamp", CallTimestamp},
      {"start_timestamp", CallStartTimestamp},
      {"absent", CallAbsent},
      {"absent_over_time", CallAbsentOverTime},
      {"label_replace", CallLabelReplace},
      {"label_join", CallLabelJoin},
      {"sort", CallSort},
      {"sort_desc", CallSort},
      {"sort_by_label", CallSortByLabel},
      {"sort_by_label_desc", CallSortByLabel},
      {"histogram_quantile", CallHistogramQuantile},
      {"histogram_quantiles", CallHistogramQuantiles},
      {"histogram_fraction", CallHistogramFraction},
      {"info", CallInfo},
  };
  for (const char* name :
       {"abs",  "ceil", "floor", "exp",  "sqrt", "ln",    "log2",  "log10", "sin", "cos", "tan", "asin",
        "acos", "atan", "sinh",  "cosh", "tanh", "asinh", "acosh", "atanh", "rad", "deg", "sgn"}) {
    table.emplace(name, CallMath);
  }
  for (const char* name : {"pi", "time", "start", "end", "range", "step"}) table.emplace(name, CallConstant);
  for (const char* name : {"max_of", "min_of"}) table.emplace(name, CallExtreme);
  for (const char* name :
       {"days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year"}) {
    table.emplace(name, CallDate);
  }
  for (const char* name :
       {"histogram_count", "histogram_sum", "histogram_avg", "histogram_stddev", "histogram_stdvar"}) {
    table.emplace(name, CallHistogramProperty);
  }
  return table;
}

}  // namespace

CallFunction FindCallFunction(std::string_view name) {
  static const absl::flat_hash_map<std::string_view, CallFunction> table = BuildTable();
  const auto it = table.find(name);
  return it != table.end() ? it->second : nullptr;
}

Value ScalarValue(std::vector<double> values) {
  Value value;
  value.type = ValueType::kScalar;
  value.scalar = std::move(values);
  return value;
}

Result<Value> NamelessVector(Evaluator* ev, SeriesBlock block) {
  CACHESCOPE_RETURN_IF_ERROR(ev->DropNames(&block));
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&ev->budget()));
  Value value;
  value.block = std::move(block);
  return value;
}

Result<Value> RelabelledVector(Evaluator* ev, SeriesBlock block) {
  CACHESCOPE_RETURN_IF_ERROR(ev->MergeEqualRows(&block));
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&ev->budget()));
  Value value;
  value.block = std::move(block);
  return value;
}

Result<Value> Evaluator::EvalCall(const Call& call, const Grid& grid) {
  const std::string_view outer = function_;
  function_ = call.function->name;
  Result<Value> result = Internal(fmt::format("cannot evaluate {}: unknown function", call.function->name));
  if (const CallFunction f = FindCallFunction(call.function->name); f != nullptr) {
    result = f(CallContext{*this, call, grid});
  } else {
    for (std::size_t i = 0; i < call.args.size(); ++i) {
      if (call.args[i]->type() != ValueType::kMatrix) continue;
      result = EvalRangeCall(this, call, i, grid);
      break;
    }
  }
  function_ = outer;
  return result;
}

Result<std::shared_ptr<const storage::SeriesList>> Evaluator::SelectInstant(const VectorSelector& selector,
                                                                            const Grid& grid) {
  const NodeTimes& times = plan_->times(selector);
  const storage::SelectHints hints{SaturatingAdd(SaturatingSub(times.Shift(grid.start), options_.lookback), 1),
                                   SaturatingAdd(times.Shift(grid.last()), selector.smoothed ? options_.lookback : 0),
                                   grid.steps > 1 ? grid.step : 0,
                                   0,
                                   std::string(function_),
                                   0};
  return Select(selector.matchers, hints);
}

Result<Value> Evaluator::EvalInstantSelector(const VectorSelector& selector, const Grid& grid) {
  const NodeTimes& times = plan_->times(selector);
  CACHESCOPE_ASSIGN_OR_RETURN(auto list, SelectInstant(selector, grid));
  Value value;
  CACHESCOPE_ASSIGN_OR_RETURN(value.block, selector.smoothed ? ReadSmoothed(*list, times, grid, selector.pos)
                                                             : ReadInstant(std::move(list), times, grid));
  return value;
}

}  // namespace cachescope::promql
