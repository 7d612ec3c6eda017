// The evaluator: turns a tree into values over a grid of steps. One object per query, used by one thread.
//
// Each node is evaluated once for all steps. Subtrees that do not depend on the step are evaluated for one step and
// repeated. The parts live in eval_*.cc and function_*.cc, one verb each.
#pragma once

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/promql/eval_annotations.h"
#include "server/promql/eval_block.h"
#include "server/promql/eval_plan.h"
#include "server/storage/querier.h"

namespace cachescope::promql {

class WorkerPool;

struct EvalOptions {
  DurationMs lookback = 0;
  std::size_t max_samples = 0;
  std::size_t max_series = 0;  // 0: no limit
  std::size_t max_bytes = 0;   // 0: no limit
  bool delayed_name_removal = false;
  bool start_times = true;
  // The plain way: one thread, a block for every node, windows computed one by one. What the fast ways must equal.
  bool simple = false;
  bool always_parallel = false;  // however small the work is; for tests
  WorkerPool* pool = nullptr;    // null: no helpers
  std::chrono::steady_clock::time_point deadline;
  const std::atomic<bool>* cancelled = nullptr;
};

// The samples of one series for a range function: staleness markers removed, both columns ascending.
struct RangeSeries {
  Labels labels;  // only in results
  bool drop_name = false;
  std::vector<TimestampMs> timestamps;
  std::vector<TimestampMs> starts;  // since when the series counted at each float; empty: not known
  std::vector<double> values;
  std::vector<storage::HistogramSample> histograms;
};

class Evaluator {
 public:
  // `querier` and `plan` must outlive the evaluator; `plan` was made from the tree that is evaluated.
  Evaluator(storage::Querier* querier, const Plan* plan, EvalOptions options);

  Result<Value> Eval(const Expr& expr, const Grid& grid);
  // The series of a range vector with the samples needed for the window of the only step of `grid`, for a result that
  // is a matrix.
  Result<std::vector<RangeSeries>> EvalMatrix(const Expr& expr, const Grid& grid);

  // Helpers for the functions.
  const Plan& plan() const { return *plan_; }
  const EvalOptions& options() const { return options_; }
  Annotations& annotations() { return annotations_; }
  SampleBudget& budget() { return budget_; }
  storage::Querier& querier() { return *querier_; }
  // kDeadlineExceeded or kCancelled. Cheap enough for once per series and step.
  Status Check();
  // The same with a look at the clock each time, for work that is long between two series. Thread-safe.
  Status CheckNow() const;
  Result<SeriesBlock> EvalVector(const Expr& expr, const Grid& grid);
  Result<std::vector<double>> EvalScalar(const Expr& expr, const Grid& grid);
  // Applies the rule for nodes that drop the metric name: mark, or remove and check uniqueness.
  Status DropNames(SeriesBlock* block);
  // After labels changed: rows with equal labels are merged when they have no step in common, else kInvalidArgument.
  Status MergeEqualRows(SeriesBlock* block);
  // As MergeEqualRows where the reference engine checks while evaluating (not for one step with delayed name removal).
  Status CheckUnique(SeriesBlock* block);
  // Removes the names of rows marked so and merges; the last step of a query with delayed name removal.
  Status RemoveMarkedNames(SeriesBlock* block);
  void CountSamples(std::size_t n) { samples_read_ += n; }
  std::size_t samples_read() const { return samples_read_; }
  // kLimitExceeded when the query has read more series than it may.
  Status CountSeries(std::size_t n);
  std::vector<std::string>& storage_warnings() { return storage_warnings_; }

  Result<std::shared_ptr<const storage::SeriesList>> Select(const std::vector<Matcher>& matchers,
                                                            const storage::SelectHints& hints);
  // The series of an instant selector.
  Result<std::shared_ptr<const storage::SeriesList>> SelectInstant(const VectorSelector& selector, const Grid& grid);
  // Instant selector over chosen series.
  Result<SeriesBlock> ReadInstant(std::shared_ptr<const storage::SeriesList> list, const NodeTimes& times,
                                  const Grid& grid);
  // The same; `out` receives for each cell the time of its sample, or since when its series counted then (0: unknown).
  Result<SeriesBlock> ReadTimed(std::shared_ptr<const storage::SeriesList> list, const NodeTimes& times,
                                const Grid& grid, bool starts, std::vector<TimestampMs>* out);
  // A smoothed selector: values on the line between the samples around each step.
  Result<SeriesBlock> ReadSmoothed(const storage::SeriesList& list, const NodeTimes& times, const Grid& grid,
                                   Position pos);
  // The sub-grid a subquery needs for the steps of `grid`; steps 0 when empty.
  Grid SubqueryGrid(const NodeTimes& times, const Grid& grid) const;
  std::string_view function() const { return function_; }

 private:
  Result<Value> EvalNode(const Expr& expr, const Grid& grid);
  Result<Value> EvalInstantSelector(const VectorSelector& selector, const Grid& grid);
  Result<Value> EvalUnary(const Unary& unary, const Grid& grid);
  Result<Value> EvalCall(const Call& call, const Grid& grid);
  Result<Value> EvalAggregate(const Aggregate& aggregate, const Grid& grid);
  // An aggregation whose input is added up while it is read; nothing when it is not of that kind.
  Result<std::optional<Value>> AggregateWhileReading(const Aggregate& aggregate, const Grid& grid);
  Result<Value> EvalBinary(const Binary& binary, const Grid& grid);

  storage::Querier* querier_;
  const Plan* plan_;
  EvalOptions options_;
  Annotations annotations_;
  SampleBudget budget_;
  std::size_t samples_read_ = 0;
  std::size_t series_read_ = 0;
  unsigned checks_ = 0;
  std::string_view function_;  // innermost call, a hint for the storage
  std::vector<std::string> storage_warnings_;
};

// What reading a series came to: damage (kCorruption, kIoError) becomes a note, and the samples before it count; any
// other error stays one.
Status AfterRead(const Status& status, storage::SampleColumns* samples, Annotations* notes);

// Replaces unknown counter reset hints by what comparison with the sample before says.
void InferResets(std::vector<storage::HistogramSample>* histograms);

// Labels without metric name, type and unit.
Labels WithoutMetadata(const Labels& labels);
bool HasMetadata(const Labels& labels);
// `{__name__="x", a="b"}`: how error texts write label sets.
std::string BracedLabels(const Labels& labels);

// A float aggregate of two values with compensation (Neumaier).
inline void KahanAdd(double value, double* sum, double* compensation) noexcept {
  const double total = *sum + value;
  if (std::isinf(total)) {
    *compensation = 0;
  } else if (std::fabs(*sum) >= std::fabs(value)) {
    *compensation += (*sum - total) + value;
  } else {
    *compensation += (value - total) + *sum;
  }
  *sum = total;
}

// Parts implemented in their own files.
Result<Value> EvalScalarBinary(const Binary& binary, std::vector<double> lhs, const std::vector<double>& rhs);
Result<Value> EvalVectorScalar(Evaluator* ev, const Binary& binary, SeriesBlock block,
                               const std::vector<double>& scalar, bool scalar_left);
Result<Value> EvalVectorVector(Evaluator* ev, const Binary& binary, SeriesBlock lhs, SeriesBlock rhs, const Grid& grid);
Result<Value> EvalSetOperator(Evaluator* ev, const Binary& binary, SeriesBlock lhs, SeriesBlock rhs);
Result<Value> EvalRangeCall(Evaluator* ev, const Call& call, std::size_t range_arg, const Grid& grid);

}  // namespace cachescope::promql
