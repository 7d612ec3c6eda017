// rate, increase and delta of anchored and smoothed selectors: no extrapolation, but samples around the range.
#include <algorithm>

#include "server/promql/eval_range.h"

namespace cachescope::promql {
namespace {

// The value at `t` on the line between two neighbouring samples; a counter that was reset is taken to start at zero.
double Interpolate(const Window& w, std::size_t left, TimestampMs t, bool counter) {
  const double from = counter && w.v[left + 1] < w.v[left] ? 0 : w.v[left];
  const double to = w.v[left + 1];
  return from + (to - from) * static_cast<double>(t - w.t[left]) / static_cast<double>(w.t[left + 1] - w.t[left]);
}

}  // namespace

Cell ExtendedRate(const Window& w, RangeCall* call, bool counter, bool per_second) {
  if (w.hn > 0 && w.n > 0) {
    call->annotations().MixedFloatsHistograms(call->metric, call->pos);
    return Cell::kNone;
  }
  if (w.hn > 0) return ExtendedHistogramRate(w, call, counter, per_second);
  const bool smoothed = call->smoothed();
  std::size_t last = w.n - 1;
  // The newest sample at or before the beginning, else the oldest one.
  std::size_t first = 0;
  while (first + 1 <= last && w.t[first + 1] <= w.start) ++first;
  if (smoothed) {
    std::size_t i = 0;
    while (i < last && w.t[i] < w.end) ++i;
    last = i;
  }
  if (w.t[last] <= w.start || (smoothed && w.t[first] > w.end)) return Cell::kNone;
  const double left = smoothed && w.t[first] < w.start ? Interpolate(w, first, w.start, counter) : w.v[first];
  const double right = smoothed && last > 0 && w.t[last] > w.end ? Interpolate(w, last - 1, w.end, counter) : w.v[last];
  double result = right - left;
  if (counter) {
    const std::size_t begin = w.t[first] <= w.start ? first + 1 : first;
    const std::size_t end = w.t[last] >= w.end ? last : last + 1;
    double previous = left;
    for (std::size_t i = begin; i < end; ++i) {
      if (w.v[i] < previous) result += previous;
      previous = w.v[i];
    }
    if (right < previous) result += previous;
  }
  if (per_second) result /= static_cast<double>(call->range) / 1000;
  call->f = result;
  return Cell::kFloat;
}

void ExtendToRange(TimestampMs start, TimestampMs end, bool smoothed, RangeSeries* series) {
  Window w;
  w.t = series->timestamps.data();
  w.v = series->values.data();
  w.n = series->timestamps.size();
  if (w.n == 0) return;
  std::size_t first = 0;
  std::size_t last = w.n - 1;
  while (first + 1 <= last && w.t[first + 1] <= start) ++first;
  if (smoothed) {
    std::size_t i = 0;
    while (i < last && w.t[i] < end) ++i;
    last = i;
  }
  std::vector<TimestampMs> timestamps;
  std::vector<double> values;
  if (w.t[last] > start && !(smoothed && w.t[first] > end)) {
    timestamps.push_back(start);
    values.push_back(smoothed && w.t[first] < start ? Interpolate(w, first, start, false) : w.v[first]);
    for (std::size_t i = first; i <= last; ++i) {
      if (w.t[i] <= start || w.t[i] >= end) continue;
      timestamps.push_back(w.t[i]);
      values.push_back(w.v[i]);
    }
    timestamps.push_back(end);
    values.push_back(smoothed && last > 0 && w.t[last] > end ? Interpolate(w, last - 1, end, false) : w.v[last]);
  }
  series->timestamps = std::move(timestamps);
  series->values = std::move(values);
}

}  // namespace cachescope::promql
