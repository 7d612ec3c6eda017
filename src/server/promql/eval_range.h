// Range functions: a kernel computes one value from the samples in one window; the driver slides the window over each
// series.
#pragma once

#include <string_view>
#include <vector>

#include "server/promql/eval.h"

namespace cachescope::promql {

// The samples of one series in one window, as views into the series' columns.
struct Window {
  const TimestampMs* t = nullptr;
  const double* v = nullptr;
  const TimestampMs* starts = nullptr;  // of the floats, since when the series counted; null: none is known
  std::size_t n = 0;
  const storage::HistogramSample* h = nullptr;
  std::size_t hn = 0;
  TimestampMs start = 0;  // exclusive; for anchored and smoothed selectors there are samples outside [start, end]
  TimestampMs end = 0;    // inclusive
  TimestampMs now = 0;    // the step's own time
  std::size_t step = 0;
  // Of the floats in the window: whether the counter was reset between two of them.
  bool has_reset = false;

  // Since when the series counted at float i; 0: not known.
  TimestampMs start_of(std::size_t i) const { return starts == nullptr ? 0 : starts[i]; }
};

// A sample's time and since when its series counted; 0: not known.
struct Started {
  TimestampMs t = 0;
  TimestampMs start = 0;
};

// Whether start times tell that a counter was reset between two neighbouring samples: it started between them, or at
// the time of the first one when that had a start of its own before (delta samples follow each other like this).
inline bool StartedAnew(const Started& before, const Started& after) {
  if (after.start == 0) return false;
  if (after.start > before.t) return after.start < after.t;
  return after.start == before.t && before.start != 0 && before.start < before.t;
}

// Whether start times contradict each other: the series began anew while the sample before was still to come.
inline bool StartsOverlap(const Started& before, const Started& after) {
  return after.start != 0 && after.start < before.t && after.start != before.start;
}

// What stays the same during a call, and where a kernel puts its result.
struct RangeCall {
  Annotations* notes = nullptr;
  const VectorSelector* selector = nullptr;                   // null for subqueries
  const std::vector<std::vector<double>>* scalars = nullptr;  // the other arguments, in order, one value per step
  DurationMs range = 0;
  Position pos;             // first argument
  std::string_view metric;  // of the current series
  double f = 0;             // result
  HistogramPtr h;
  Status error;  // set to end the query

  double scalar(std::size_t index, const Window& w) const { return (*scalars)[index][w.step]; }
  bool anchored() const { return selector != nullptr && selector->anchored; }
  bool smoothed() const { return selector != nullptr && selector->smoothed; }
  Annotations& annotations() const { return *notes; }
};

// Returns the kind of the result; kNone: no value at this step. Called only with at least one sample.
using RangeKernel = Cell (*)(const Window& window, RangeCall* call);

// Null when `name` is not a range function.
RangeKernel FindRangeKernel(std::string_view name);

// One series whose windows hold floats only, no start times, and nothing outside the range: all steps in one go.
struct RangeColumn {
  const RangeSeries& series;
  const NodeTimes& times;
  const Grid& grid;
  std::vector<std::size_t>* resets;  // a buffer
  Cell* cells;                       // all empty
  double* values;
  std::size_t filled = 0;   // cells with a result
  std::size_t read = 0;     // samples in all windows
  std::size_t touched = 0;  // most samples in one window
};

// Computes a column bit for bit as the kernel of the same function would, without looking at a sample once per window.
// False, with nothing done: this series does not allow that.
using ColumnKernel = bool (*)(RangeColumn* column);
// Null when there is none, or `name` is better served by its kernel.
ColumnKernel FindColumnKernel(std::string_view name);
ColumnKernel FindOverTimeColumn(std::string_view name);  // function_over_time_column.cc

// Calls visit(step, end of the range, begin, end) with the samples of each window that is not empty, [begin, end) of
// the floats.
template <typename Visit>
void ForEachWindow(RangeColumn* column, const Visit& visit) {
  const TimestampMs* t = column->series.timestamps.data();
  const std::size_t n = column->series.timestamps.size();
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::size_t step = 0; step < column->grid.steps; ++step) {
    const TimestampMs high = column->times.Shift(column->grid.At(step));
    const TimestampMs low = SaturatingSub(high, column->times.range);
    while (begin < n && t[begin] <= low) ++begin;
    while (end < n && t[end] <= high) ++end;
    if (begin >= end) continue;
    column->read += end - begin;
    if (end - begin > column->touched) column->touched = end - begin;
    visit(step, high, begin, end);
  }
}

// Kernels by file: function_rate.cc, function_over_time.cc, function_over_time_histogram.cc, function_regression.cc.
Cell RateKernel(const Window& w, RangeCall* call);
Cell IncreaseKernel(const Window& w, RangeCall* call);
Cell DeltaKernel(const Window& w, RangeCall* call);
Cell InstantRateKernel(const Window& w, RangeCall* call);
Cell InstantDeltaKernel(const Window& w, RangeCall* call);
Cell ResetsKernel(const Window& w, RangeCall* call);
Cell ChangesKernel(const Window& w, RangeCall* call);
Cell ExtendedRate(const Window& w, RangeCall* call, bool counter, bool per_second);
Cell ExtendedHistogramRate(const Window& w, RangeCall* call, bool counter, bool per_second);
Cell HistogramRate(const Window& w, RangeCall* call, bool counter, bool per_second);
Cell DerivKernel(const Window& w, RangeCall* call);
Cell PredictLinearKernel(const Window& w, RangeCall* call);
Cell SmoothingKernel(const Window& w, RangeCall* call);
Cell SumOfHistograms(const Window& w, RangeCall* call);
Cell AverageOfHistograms(const Window& w, RangeCall* call);
RangeKernel FindOverTimeKernel(std::string_view name);

// Anchored and smoothed range vectors as such: samples at both ends of [start, end] and those between.
void ExtendToRange(TimestampMs start, TimestampMs end, bool smoothed, RangeSeries* series);

// By how much a window of increases must be scaled to cover the whole range: the reference engine's extrapolation.
// `first_value` is the counter at the beginning and `increase` what it gained; both are ignored unless `counter`.
// `start`: since when the first sample's series counted, when that is inside the range and is to be taken for a sample
// of value zero (then first_value is 0); else 0.
double ExtrapolationFactor(const Window& w, TimestampMs first, TimestampMs last, std::size_t samples, bool counter,
                           double first_value, double increase, TimestampMs start = 0);
// `start` when it lies in the window and before `first`, else 0.
inline TimestampMs ZeroPoint(const Window& w, TimestampMs first, TimestampMs start) {
  return start > w.start && start < first ? start : 0;
}

}  // namespace cachescope::promql
