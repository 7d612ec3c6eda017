#include "server/promql/eval_aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "server/promql/eval_aggregate_state.h"
#include "server/promql/eval_group.h"
#include "server/promql/eval_histogram.h"
#include "server/promql/eval_quantile.h"
#include "server/promql/function_histogram_sum.h"

namespace cachescope::promql {
namespace {

std::vector<std::string> IgnoredNames(const Aggregate& node) {
  std::vector<std::string> names = node.grouping;
  if (node.without) names.emplace_back(kMetricName);
  return names;
}

// A double-quoted literal; bytes that are no UTF-8 are written in hexadecimal.
std::string QuotedBytes(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    std::size_t n = 1;
    while (n < 4 && i + n <= text.size() && !IsValidUtf8(text.substr(i, n))) ++n;
    if (i + n <= text.size() && IsValidUtf8(text.substr(i, n))) {
      std::string piece;
      AppendQuoted(&piece, text.substr(i, n));
      out += piece.substr(1, piece.size() - 2);
      i += n;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i++]));
    }
  }
  return out + '"';
}

// A block with one row per group, and whether any input of the group had its name marked for removal.
SeriesBlock GroupBlock(const AggregateInput& input) {
  SeriesBlock out(input.block.steps());
  out.Reserve(input.groups());
  for (const Labels& labels : input.group_labels) out.AddRow(labels, false);
  for (std::size_t row = 0; row < input.block.rows(); ++row) {
    if (input.block.drop_name(row)) out.set_drop_name(input.group[row], true);
  }
  return out;
}

Result<Value> Finished(Evaluator* ev, SeriesBlock block) {
  block.RemoveEmptyRows();
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&ev->budget()));
  Value value;
  value.block = std::move(block);
  return value;
}

// The histograms of sum and avg, step by step; rare enough to be done apart from the floats.
void TotalHistograms(Evaluator* ev, const AggregateInput& input, bool mean, SeriesBlock* out) {
  const std::size_t steps = input.block.steps();
  struct State {
    HistogramTotal total;
    bool floats = false;
    bool broken = false;
  };
  std::vector<State> states;
  for (std::size_t step = 0; step < steps; ++step) {
    states.clear();
    for (std::size_t g = 0; g < input.groups(); ++g) states.push_back({HistogramTotal(mean)});
    for (std::size_t row = 0; row < input.block.rows(); ++row) {
      State& state = states[input.group[row]];
      const Cell cell = input.block.cells(row)[step];
      if (cell == Cell::kFloat) state.floats = true;
      if (cell != Cell::kHistogram || state.broken) continue;
      if (!state.total.Add(*input.block.histogram(row, step))) {
        state.broken = true;
        ev->annotations().MixedExponentialCustom(input.block.labels(row).metric_name(), input.pos);
      }
    }
    for (std::size_t g = 0; g < states.size(); ++g) {
      State& state = states[g];
      if (state.total.empty()) continue;
      out->Clear(g, step);
      if (state.floats) {
        ev->annotations().MixedFloatsHistogramsInAggregation(input.pos);
      } else if (!state.broken) {
        auto h = std::make_shared<FloatHistogram>(*state.total.Finish(&ev->annotations(), input.pos));
        CompactHistogram(h.get());
        out->SetHistogram(g, step, std::move(h));
      }
    }
  }
}

Status CheckParameter(Evaluator* ev, AggregateOp op, const AggregateInput& input, bool* nothing) {
  const auto& p = input.parameter;
  const bool any_nan = std::any_of(p.begin(), p.end(), [](double v) { return std::isnan(v); });
  double least = HUGE_VAL;
  double most = -HUGE_VAL;
  for (double v : p) {
    if (v < least) least = v;
    if (v > most) most = v;
  }
  if (op == AggregateOp::kQuantile) {
    if (any_nan) ev->annotations().InvalidQuantile(std::nan(""), input.parameter_pos);
    if (most > 1) ev->annotations().InvalidQuantile(most, input.parameter_pos);
    if (least < 0) ev->annotations().InvalidQuantile(least, input.parameter_pos);
    return {};
  }
  if (op == AggregateOp::kLimitRatio) {
    if (any_nan) return InvalidArgument("Ratio value is NaN");
    *nothing = most == 0 && least == 0;
    if (most > 1) ev->annotations().InvalidRatio(most, 1, input.parameter_pos);
    if (least < -1) ev->annotations().InvalidRatio(least, -1, input.parameter_pos);
    return {};
  }
  if (any_nan) return InvalidArgument("Parameter value is NaN");
  *nothing = most < 1;
  if (*nothing) return {};
  constexpr double kInt64 = 9223372036854775808.0;
  if (least <= -kInt64) return InvalidArgument(fmt::format("Scalar value {} underflows int64", FormatApiFloat(least)));
  if (most >= kInt64) return InvalidArgument(fmt::format("Scalar value {} overflows int64", FormatApiFloat(most)));
  return {};
}

}  // namespace

Result<Value> AggregateSum(Evaluator* ev, AggregateInput input) {
  const bool mean = input.node->op == AggregateOp::kAvg;
  const std::size_t steps = input.block.steps();
  SeriesBlock out = GroupBlock(input);
  std::vector<FloatTotal> totals(input.groups() * steps);
  for (std::size_t row = 0; row < input.block.rows(); ++row) {
    CACHESCOPE_RETURN_IF_ERROR(ev->Check());
    FloatTotal* to = totals.data() + input.group[row] * steps;
    const Cell* cells = input.block.cells(row);
    const double* values = input.block.values(row);
    for (std::size_t step = 0; step < steps; ++step) {
      if (cells[step] == Cell::kFloat) to[step].Add(values[step], mean);
    }
  }
  for (std::size_t i = 0; i < totals.size(); ++i) {
    if (totals[i].count > 0) out.SetFloat(i / steps, i % steps, totals[i].Result(mean));
  }
  if (input.block.has_histograms()) TotalHistograms(ev, input, mean, &out);
  return Finished(ev, std::move(out));
}

Result<Value> AggregateSimple(Evaluator* ev, AggregateInput input) {
  const AggregateOp op = input.node->op;
  const bool takes_histograms = op == AggregateOp::kCount || op == AggregateOp::kGroup;
  const std::size_t steps = input.block.steps();
  SeriesBlock out = GroupBlock(input);
  std::vector<SimpleTotal> states(input.groups() * steps);
  for (std::size_t row = 0; row < input.block.rows(); ++row) {
    CACHESCOPE_RETURN_IF_ERROR(ev->Check());
    SimpleTotal* to = states.data() + input.group[row] * steps;
    const Cell* cells = input.block.cells(row);
    const double* values = input.block.values(row);
    for (std::size_t step = 0; step < steps; ++step) {
      if (cells[step] == Cell::kNone) continue;
      if (cells[step] == Cell::kHistogram && !takes_histograms) {
        ev->annotations().HistogramIgnoredInAggregation(AggregateOpText(op), input.pos);
      } else {
        to[step].Add(op, values[step]);
      }
    }
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].count > 0) out.SetFloat(i / steps, i % steps, states[i].Result(op));
  }
  return Finished(ev, std::move(out));
}

Result<Value> AggregateQuantile(Evaluator* ev, AggregateInput input) {
  const std::size_t steps = input.block.steps();
  SeriesBlock out = GroupBlock(input);
  std::vector<std::vector<std::size_t>> members(input.groups());
  for (std::size_t row = 0; row < input.block.rows(); ++row) members[input.group[row]].push_back(row);
  std::vector<double> values;
  for (std::size_t g = 0; g < input.groups(); ++g) {
    CACHESCOPE_RETURN_IF_ERROR(ev->Check());
    for (std::size_t step = 0; step < steps; ++step) {
      values.clear();
      for (const std::size_t row : members[g]) {
        const Cell cell = input.block.cells(row)[step];
        if (cell == Cell::kFloat) values.push_back(input.block.values(row)[step]);
        if (cell == Cell::kHistogram) ev->annotations().HistogramIgnoredInAggregation("quantile", input.pos);
      }
      if (!values.empty()) out.SetFloat(g, step, Quantile(input.parameter[step], &values));
    }
  }
  return Finished(ev, std::move(out));
}

Result<Value> AggregateCountValues(Evaluator* ev, const Aggregate& node, SeriesBlock block) {
  const auto& name = static_cast<const StringLiteral&>(Unwrap(*node.parameter)).value;
  if (name.empty() || !IsValidUtf8(name)) {
    return InvalidArgument("invalid label name " + QuotedBytes(name));
  }
  std::vector<std::string> names = IgnoredNames(node);
  if (!node.without) names.push_back(name);
  GroupIndex index(names, !node.without);
  SeriesBlock out(block.steps());
  for (std::size_t row = 0; row < block.rows(); ++row) {
    CACHESCOPE_RETURN_IF_ERROR(ev->Check());
    for (std::size_t step = 0; step < block.steps(); ++step) {
      const Cell cell = block.cells(row)[step];
      if (cell == Cell::kNone) continue;
      LabelsBuilder builder(block.labels(row));
      builder.Set(name, cell == Cell::kFloat ? FormatFixed(block.values(row)[step])
                                             : HistogramToString(*block.histogram(row, step)));
      const Labels labels = builder.Build();
      const std::size_t group = index.Find(labels);
      if (group == out.rows()) {
        CACHESCOPE_RETURN_IF_ERROR(ev->budget().CheckCells(group + 1, block.steps()));
        out.AddRow(KeepLabels(labels, names, !node.without), false);
      }
      const double before = out.cells(group)[step] == Cell::kFloat ? out.values(group)[step] : 0;
      out.SetFloat(group, step, before + 1);
    }
  }
  return Finished(ev, std::move(out));
}

Result<Value> Evaluator::EvalAggregate(const Aggregate& aggregate, const Grid& grid) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::optional<Value> scanned, AggregateWhileReading(aggregate, grid));
  if (scanned.has_value()) return std::move(*scanned);
  AggregateInput input;
  input.node = &aggregate;
  input.pos = Unwrap(*aggregate.expr).pos;
  if (aggregate.op != AggregateOp::kCountValues && aggregate.parameter != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(input.parameter, EvalScalar(*aggregate.parameter, grid));
    input.parameter_pos = Unwrap(*aggregate.parameter).pos;
  }
  CACHESCOPE_ASSIGN_OR_RETURN(input.block, EvalVector(*aggregate.expr, grid));
  if (aggregate.op == AggregateOp::kCountValues) return AggregateCountValues(this, aggregate, std::move(input.block));
  const std::vector<std::string> names = IgnoredNames(aggregate);
  GroupIndex index(names, !aggregate.without);
  input.group.reserve(input.block.rows());
  for (std::size_t row = 0; row < input.block.rows(); ++row) {
    const std::size_t group = index.Find(input.block.labels(row));
    if (group == input.groups()) {
      input.group_labels.push_back(KeepLabels(input.block.labels(row), names, !aggregate.without));
    }
    input.group.push_back(group);
  }
  bool nothing = false;
  if (!input.parameter.empty()) CACHESCOPE_RETURN_IF_ERROR(CheckParameter(this, aggregate.op, input, &nothing));
  if (nothing) {
    Value value;
    value.block = SeriesBlock(grid.steps);
    return value;
  }
  switch (aggregate.op) {
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
      return AggregateSum(this, std::move(input));
    case AggregateOp::kQuantile:
      return AggregateQuantile(this, std::move(input));
    case AggregateOp::kTopK:
    case AggregateOp::kBottomK:
      return AggregateTop(this, std::move(input));
    case AggregateOp::kLimitK:
    case AggregateOp::kLimitRatio:
      return AggregateLimit(this, std::move(input));
    default:
      return AggregateSimple(this, std::move(input));
  }
}

}  // namespace cachescope::promql
