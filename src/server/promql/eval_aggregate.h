// Aggregations over the series of a vector; groups are found once per series, then columns are added up.
#pragma once

#include "server/promql/eval.h"

namespace cachescope::promql {

// The input of an aggregation, sorted into groups in order of first appearance.
struct AggregateInput {
  const Aggregate* node = nullptr;
  SeriesBlock block;
  std::vector<std::size_t> group;    // per row
  std::vector<Labels> group_labels;  // per group
  std::vector<double> parameter;     // per step; empty when the operator takes none
  Position pos;                      // of the aggregated expression
  Position parameter_pos;
  std::size_t groups() const { return group_labels.size(); }
};

Result<Value> AggregateSum(Evaluator* ev, AggregateInput input);     // sum, avg
Result<Value> AggregateSimple(Evaluator* ev, AggregateInput input);  // count, group, min, max, stddev, stdvar
Result<Value> AggregateQuantile(Evaluator* ev, AggregateInput input);
Result<Value> AggregateCountValues(Evaluator* ev, const Aggregate& node, SeriesBlock block);
Result<Value> AggregateTop(Evaluator* ev, AggregateInput input);    // topk, bottomk
Result<Value> AggregateLimit(Evaluator* ev, AggregateInput input);  // limitk, limit_ratio

}  // namespace cachescope::promql
