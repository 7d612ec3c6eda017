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
  std::size_t n = 0;
  const storage::HistogramSample* h = nullptr;
  std::size_t hn = 0;
  TimestampMs start = 0;  // exclusive; for anchored and smoothed selectors there are samples outside [start, end]
  TimestampMs end = 0;    // inclusive
  TimestampMs now = 0;    // the step's own time
  std::size_t step = 0;
  // Of the floats in the window: whether any is smaller than the one before it.
  bool has_reset = false;
};

// What stays the same during a call, and where a kernel puts its result.
struct RangeCall {
  Evaluator* ev = nullptr;
  const VectorSelector* selector = nullptr;  // null for subqueries
  std::vector<std::vector<double>> scalars;  // the other arguments, in order, one value per step
  DurationMs range = 0;
  Position pos;             // first argument
  std::string_view metric;  // of the current series
  double f = 0;             // result
  HistogramPtr h;
  Status error;  // set to end the query

  double scalar(std::size_t index, const Window& w) const { return scalars[index][w.step]; }
  bool anchored() const { return selector != nullptr && selector->anchored; }
  bool smoothed() const { return selector != nullptr && selector->smoothed; }
  Annotations& annotations() const { return ev->annotations(); }
};

// Returns the kind of the result; kNone: no value at this step. Called only with at least one sample.
using RangeKernel = Cell (*)(const Window& window, RangeCall* call);

// Null when `name` is not a range function.
RangeKernel FindRangeKernel(std::string_view name);

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
double ExtrapolationFactor(const Window& w, TimestampMs first, TimestampMs last, std::size_t samples, bool counter,
                           double first_value, double increase);

}  // namespace cachescope::promql
