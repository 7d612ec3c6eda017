#include "server/promql/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/promql/eval.h"
#include "server/promql/query_gate.h"
#include "server/promql/worker_pool.h"

namespace cachescope::promql {
namespace {

// One row of a block as a result series.
ResultSeries ToSeries(const SeriesBlock& block, std::size_t row, const Grid& grid) {
  ResultSeries out;
  out.labels = block.labels(row);
  const Cell* cells = block.cells(row);
  const double* values = block.values(row);
  for (std::size_t step = 0; step < block.steps(); ++step) {
    if (cells[step] == Cell::kFloat) out.floats.push_back({grid.At(step), values[step]});
    if (cells[step] == Cell::kHistogram) out.histograms.push_back({grid.At(step), block.histogram(row, step)});
  }
  return out;
}

ResultSeries ToSeries(RangeSeries series) {
  ResultSeries out;
  out.labels = std::move(series.labels);
  out.floats.reserve(series.timestamps.size());
  for (std::size_t i = 0; i < series.timestamps.size(); ++i) {
    out.floats.push_back({series.timestamps[i], series.values[i]});
  }
  for (storage::HistogramSample& h : series.histograms) out.histograms.push_back({h.t, std::move(h.h)});
  return out;
}

void SortByLabels(std::vector<ResultSeries>* series) {
  std::sort(series->begin(), series->end(),
            [](const ResultSeries& a, const ResultSeries& b) { return Labels::Compare(a.labels, b.labels) < 0; });
}

Status RunMatrix(Evaluator* ev, const Expr& expr, const Grid& grid, QueryResult* result) {
  result->type = ValueType::kMatrix;
  CACHESCOPE_ASSIGN_OR_RETURN(std::vector<RangeSeries> matrix, ev->EvalMatrix(expr, grid));
  for (RangeSeries& series : matrix) {
    if (series.drop_name) series.labels = WithoutMetadata(series.labels);
    result->series.push_back(ToSeries(std::move(series)));
  }
  SortByLabels(&result->series);
  for (std::size_t i = 1; i < result->series.size(); ++i) {
    if (result->series[i].labels == result->series[i - 1].labels) {
      return InvalidArgument("vector cannot contain metrics with the same labelset");
    }
  }
  return {};
}

Status RunValue(Evaluator* ev, const Expr& expr, const Grid& grid, bool instant, QueryResult* result) {
  CACHESCOPE_ASSIGN_OR_RETURN(Value value, ev->Eval(expr, grid));
  if (value.type == ValueType::kString) {
    result->type = ValueType::kString;
    result->string = {grid.start, std::move(value.text)};
    return {};
  }
  if (value.type == ValueType::kScalar && instant) {
    result->type = ValueType::kScalar;
    result->scalar = {grid.start, value.scalar[0]};
    return {};
  }
  if (value.type == ValueType::kScalar) {
    value.block = SeriesBlock(grid.steps);
    value.block.AddRow(Labels(), false);
    for (std::size_t step = 0; step < grid.steps; ++step) value.block.SetFloat(0, step, value.scalar[step]);
  }
  if (ev->options().delayed_name_removal) CACHESCOPE_RETURN_IF_ERROR(ev->RemoveMarkedNames(&value.block));
  CACHESCOPE_RETURN_IF_ERROR(ev->budget().CheckBytes(value.block.SampleCount() * sizeof(Sample)));
  result->type = instant ? ValueType::kVector : ValueType::kMatrix;
  result->series.reserve(value.block.rows());
  for (std::size_t row = 0; row < value.block.rows(); ++row) {
    if (!value.block.RowEmpty(row)) result->series.push_back(ToSeries(value.block, row, grid));
  }
  if (!instant) SortByLabels(&result->series);
  return {};
}

class GateLease {
 public:
  explicit GateLease(QueryGate* gate) : gate_(*gate) {}
  ~GateLease() { gate_.Leave(); }
  GateLease(const GateLease&) = delete;
  GateLease& operator=(const GateLease&) = delete;

 private:
  QueryGate& gate_;
};

}  // namespace

Engine::Engine(EngineOptions options) : options_(std::move(options)) {
  std::size_t threads = options_.threads;
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  pool_ = std::make_unique<WorkerPool>(threads - 1);
  gate_ = std::make_unique<QueryGate>(options_.max_concurrent);
}

Engine::~Engine() = default;

Result<QueryResult> Engine::Instant(storage::Queryable& storage, std::string_view query, TimestampMs at,
                                    const QueryContext& context) const {
  CACHESCOPE_ASSIGN_OR_RETURN(const ExprPtr expr, ParseExpr(query, options_.parser));
  return Evaluate(storage, *expr, query, at, at, 0, true, context);
}

Result<QueryResult> Engine::Range(storage::Queryable& storage, std::string_view query, TimestampMs start,
                                  TimestampMs end, DurationMs step, const QueryContext& context) const {
  CACHESCOPE_ASSIGN_OR_RETURN(const ExprPtr expr, ParseExpr(query, options_.parser));
  return Evaluate(storage, *expr, query, start, end, step, false, context);
}

Result<QueryResult> Engine::Evaluate(storage::Queryable& storage, const Expr& expr, std::string_view text,
                                     TimestampMs start, TimestampMs end, DurationMs step, bool instant,
                                     const QueryContext& context) const {
  const ValueType type = expr.type();
  if (!instant && type != ValueType::kScalar && type != ValueType::kVector) {
    return InvalidArgument(fmt::format(
        "invalid expression type \"{}\" for range query, must be Scalar or instant Vector", ValueTypeName(type)));
  }
  if (!instant && (step <= 0 || end < start)) {
    return InvalidArgument("cannot evaluate range query: step must be positive and end not before start");
  }
  Grid grid{start, instant ? 1 : step, 1};
  if (!instant) grid.steps = static_cast<std::size_t>((end - start) / step) + 1;
  const DurationMs lookback = context.lookback_delta > 0 ? context.lookback_delta : options_.lookback_delta;
  CACHESCOPE_ASSIGN_OR_RETURN(const Plan plan, Plan::Make(expr, {start, instant ? start : end, instant ? 0 : step},
                                                          lookback, options_.default_subquery_step));
  EvalOptions eval;
  eval.lookback = lookback;
  eval.max_samples = options_.max_samples;
  eval.max_bytes = options_.max_bytes;
  eval.max_series = options_.max_series;
  eval.start_times = options_.start_times;
  eval.simple = options_.simple;
  eval.always_parallel = options_.always_parallel;
  eval.pool = pool_->threads() > 0 ? pool_.get() : nullptr;
  eval.delayed_name_removal = options_.delayed_name_removal;
  eval.deadline = std::chrono::steady_clock::now() + (context.timeout.count() > 0 ? context.timeout : options_.timeout);
  eval.cancelled = context.cancelled;
  CACHESCOPE_RETURN_IF_ERROR(gate_->Enter(eval.deadline, eval.cancelled));
  const GateLease lease(gate_.get());
  const std::unique_ptr<storage::Querier> querier = storage.NewQuerier(plan.mint(), plan.maxt());
  Evaluator ev(querier.get(), &plan, eval);
  CACHESCOPE_RETURN_IF_ERROR(ev.budget().CheckCells(1, grid.steps));
  QueryResult result;
  if (type == ValueType::kMatrix) {
    CACHESCOPE_RETURN_IF_ERROR(RunMatrix(&ev, Unwrap(expr), grid, &result));
  } else {
    CACHESCOPE_RETURN_IF_ERROR(RunValue(&ev, expr, grid, instant, &result));
  }
  CACHESCOPE_RETURN_IF_ERROR(ev.CheckNow());
  result.warnings = ev.annotations().Warnings(text);
  result.infos = ev.annotations().Infos(text);
  result.warnings.insert(result.warnings.end(), ev.storage_warnings().begin(), ev.storage_warnings().end());
  const std::vector<std::string> damages = ev.annotations().Damages();
  result.warnings.insert(result.warnings.end(), damages.begin(), damages.end());
  result.samples_read = ev.samples_read();
  result.peak_samples = ev.budget().peak();
  return result;
}

}  // namespace cachescope::promql
