// rate, increase and delta of anchored and smoothed selectors of native histograms.
#include <algorithm>

#include "server/promql/eval_histogram.h"
#include "server/promql/eval_range.h"

namespace cachescope::promql {
namespace {

double FractionOf(TimestampMs from, TimestampMs to, TimestampMs t) {
  return static_cast<double>(t - from) / static_cast<double>(to - from);
}

// The increase over a window whose ends may lie between samples.
class ExtendedIncrease {
 public:
  ExtendedIncrease(const Window& w, RangeCall* call, bool counter) : w_(w), call_(*call), counter_(counter) {}

  // False: no value (the reason is annotated when there is something to say).
  bool Run(FloatHistogram* out) {
    if (!FindEnds()) return false;
    NoteHints();
    FloatHistogram left;
    if (!Ends(&left, out)) return Incompatible();
    FloatHistogram right = *out;
    if (!Subtract(out, left)) return Incompatible();
    if (counter_ && !AddLostAtResets(left, right, out)) return Incompatible();
    return true;
  }

 private:
  const FloatHistogram& At(std::size_t i) const { return *w_.h[i].h; }
  bool Incompatible() {
    call_.annotations().MixedExponentialCustom(call_.metric, call_.pos);
    return false;
  }
  void NoteReconciled(const HistogramSumResult& result, const char* operation) {
    if (result.bounds_reconciled) call_.annotations().BoundsReconciled(operation, call_.pos);
  }
  bool Subtract(FloatHistogram* from, const FloatHistogram& what) {
    const HistogramSumResult result = SubtractHistogram(from, what);
    NoteReconciled(result, "subtraction");
    return result.compatible;
  }

  // The sample at or before the beginning, and the one at or (smoothed) after the end.
  bool FindEnds() {
    last_ = w_.hn - 1;
    while (first_ + 1 <= last_ && w_.h[first_ + 1].t <= w_.start) ++first_;
    if (call_.smoothed()) {
      std::size_t i = 0;
      while (i < last_ && w_.h[i].t < w_.end) ++i;
      last_ = i;
    }
    if (w_.h[last_].t <= w_.start || (call_.smoothed() && w_.h[first_].t > w_.end)) return false;
    left_between_ = call_.smoothed() && w_.h[first_].t < w_.start;
    right_between_ = call_.smoothed() && last_ > 0 && w_.h[last_].t > w_.end;
    return true;
  }

  void NoteHints() {
    const auto gauge = [&](std::size_t i) { return At(i).reset_hint == CounterResetHint::kGauge; };
    bool any = false;
    for (std::size_t i = first_; i <= last_; ++i) any = any || gauge(i);
    if (counter_ && any) call_.annotations().NotCounter(call_.metric, call_.pos);
    if (!counter_ && !(gauge(first_) && gauge(last_))) call_.annotations().NotGauge(call_.metric, call_.pos);
  }

  bool Ends(FloatHistogram* left, FloatHistogram* right) {
    *left = At(first_);
    *right = At(last_);
    if (left_between_) {
      const double fraction = FractionOf(w_.h[first_].t, w_.h[first_ + 1].t, w_.start);
      if (!InterpolateHistogram(At(first_), At(first_ + 1), fraction, counter_, left)) return false;
    }
    if (!right_between_) return true;
    const double fraction = FractionOf(w_.h[last_ - 1].t, w_.h[last_].t, w_.end);
    return InterpolateHistogram(At(last_ - 1), At(last_), fraction, counter_, right);
  }

  // A reset crossed by an interpolated left end is in its value already, so checking starts behind the sample after it.
  // The last sample is checked as the right end.
  bool AddLostAtResets(const FloatHistogram& left, const FloatHistogram& right, FloatHistogram* out) {
    std::size_t i = w_.h[first_].t <= w_.start ? first_ + 1 : first_;
    const FloatHistogram* previous = &left;
    if (left_between_) {
      if (i >= last_ && (right_between_ || i > last_)) return true;  // both ends lie between the same two samples
      if (i == last_) return true;                                   // the right end is the sample after the left end
      previous = &At(i++);
    }
    for (; i < last_; ++i) {
      if (DetectReset(At(i), *previous) && !Add(*previous, out)) return false;
      previous = &At(i);
    }
    if (first_ == last_) return true;
    return !DetectReset(right, *previous) || Add(*previous, out);
  }

  bool Add(const FloatHistogram& what, FloatHistogram* out) {
    const HistogramSumResult result = AddHistogram(out, what);
    NoteReconciled(result, "addition");
    return result.compatible;
  }

  const Window& w_;
  RangeCall& call_;
  bool counter_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  bool left_between_ = false;
  bool right_between_ = false;
};

}  // namespace

Cell ExtendedHistogramRate(const Window& w, RangeCall* call, bool counter, bool per_second) {
  auto result = std::make_shared<FloatHistogram>();
  if (!ExtendedIncrease(w, call, counter).Run(result.get())) return Cell::kNone;
  result->reset_hint = CounterResetHint::kGauge;
  if (per_second) DivideHistogram(result.get(), static_cast<double>(call->range) / 1000);
  CompactHistogram(result.get());
  call->h = std::move(result);
  return Cell::kHistogram;
}

}  // namespace cachescope::promql
