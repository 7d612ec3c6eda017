// rate, increase, delta, irate, idelta, resets, changes.
#include <algorithm>
#include <cmath>

#include "server/promql/eval_histogram.h"
#include "server/promql/eval_range.h"

namespace cachescope::promql {
namespace {

double SecondsBetween(TimestampMs from, TimestampMs to) { return static_cast<double>(to - from) / 1000; }

Started StartedAt(const Window& w, std::size_t i) { return {w.t[i], w.start_of(i)}; }

// What the counter lost at its resets inside the window.
double ResetCorrection(const Window& w) {
  double correction = 0;
  for (std::size_t i = 1; i < w.n; ++i) {
    if (w.v[i] < w.v[i - 1] || StartedAnew(StartedAt(w, i - 1), StartedAt(w, i))) correction += w.v[i - 1];
  }
  return correction;
}

void NoteOverlap(const Window& w, RangeCall* call) {
  for (std::size_t i = 1; i < w.n && w.starts != nullptr; ++i) {
    if (StartsOverlap(StartedAt(w, i - 1), StartedAt(w, i))) {
      return call->annotations().StartOverlap(call->metric, call->pos);
    }
  }
}

Cell Extrapolated(const Window& w, RangeCall* call, bool counter, bool per_second) {
  if (call->anchored() || call->smoothed()) return ExtendedRate(w, call, counter, per_second);
  if (w.n > 0 && w.hn > 0) {
    call->annotations().MixedFloatsHistograms(call->metric, call->pos);
    return Cell::kNone;
  }
  if (w.hn > 0) return HistogramRate(w, call, counter, per_second);
  const TimestampMs zero = counter ? ZeroPoint(w, w.t[0], w.start_of(0)) : 0;
  if (w.n < 2 && zero == 0) return Cell::kNone;
  const double first = zero != 0 ? 0 : w.v[0];
  double result = w.v[w.n - 1] - first;
  if (counter && w.has_reset) result += ResetCorrection(w);
  if (counter) NoteOverlap(w, call);
  double factor = ExtrapolationFactor(w, w.t[0], w.t[w.n - 1], w.n, counter, first, result, zero);
  if (per_second) factor /= static_cast<double>(call->range) / 1000;
  call->f = result * factor;
  return Cell::kFloat;
}

// The newest two samples of a window, of either kind.
struct Newest {
  TimestampMs t = 0;
  double v = 0;
  const FloatHistogram* h = nullptr;
  TimestampMs start = 0;
  Started started() const { return {t, start}; }
};

bool NewestTwo(const Window& w, Newest* previous, Newest* last) {
  if (w.n + w.hn < 2) return false;
  std::size_t f = w.n;
  std::size_t h = w.hn;
  for (Newest* to : {last, previous}) {
    if (h == 0 || (f > 0 && w.t[f - 1] > w.h[h - 1].t)) {
      --f;
      *to = {w.t[f], w.v[f], nullptr, w.start_of(f)};
    } else {
      --h;
      *to = {w.h[h].t, 0, w.h[h].h.get(), w.h[h].start};
    }
  }
  return true;
}

Cell InstantHistogram(const Newest& previous, const Newest& last, RangeCall* call, bool rate) {
  auto result = std::make_shared<FloatHistogram>(*last.h);
  const bool all_gauges =
      last.h->reset_hint == CounterResetHint::kGauge && previous.h->reset_hint == CounterResetHint::kGauge;
  const bool any_gauge =
      last.h->reset_hint == CounterResetHint::kGauge || previous.h->reset_hint == CounterResetHint::kGauge;
  if (rate && any_gauge) call->annotations().NotCounter(call->metric, call->pos);
  if (!rate && !all_gauges) call->annotations().NotGauge(call->metric, call->pos);
  if (!rate || !(DetectReset(*last.h, *previous.h) || StartedAnew(previous.started(), last.started()))) {
    const HistogramSumResult difference = SubtractHistogram(result.get(), *previous.h);
    if (!difference.compatible) {
      call->annotations().MixedExponentialCustom(call->metric, call->pos);
      return Cell::kNone;
    }
    if (difference.bounds_reconciled) call->annotations().BoundsReconciled("subtraction", call->pos);
  }
  result->reset_hint = CounterResetHint::kGauge;
  CompactHistogram(result.get());
  if (rate) DivideHistogram(result.get(), SecondsBetween(previous.t, last.t));
  call->h = std::move(result);
  return Cell::kHistogram;
}

Cell InstantValue(const Window& w, RangeCall* call, bool rate) {
  Newest previous;
  Newest last;
  if (!NewestTwo(w, &previous, &last) || last.t == previous.t) return Cell::kNone;
  if ((last.h == nullptr) != (previous.h == nullptr)) {
    call->annotations().MixedFloatsHistograms(call->metric, call->pos);
    return Cell::kNone;
  }
  if (last.h != nullptr) return InstantHistogram(previous, last, call, rate);
  const bool reset = rate && (last.v < previous.v || StartedAnew(previous.started(), last.started()));
  call->f = reset ? last.v : last.v - previous.v;
  if (rate) call->f /= SecondsBetween(previous.t, last.t);
  return Cell::kFloat;
}

// Moves to the last sample at or before the beginning of the range, of either kind. False when no sample lies in the
// range.
bool SkipToAnchor(const Window& w, std::size_t* f, std::size_t* h) {
  while (*f < w.n && w.t[*f] <= w.start) ++*f;
  while (*h < w.hn && w.h[*h].t <= w.start) ++*h;
  if (*f == w.n && *h == w.hn) return false;
  if (*f > 0 && (*h == 0 || w.t[*f - 1] > w.h[*h - 1].t)) {
    --*f;
  } else if (*h > 0) {
    --*h;
  }
  return true;
}

// Counts the neighbouring samples (floats and histograms merged by time) for which `event` holds.
template <typename Event>
Cell CountEvents(const Window& w, RangeCall* call, Event event) {
  std::size_t f = 0;
  std::size_t h = 0;
  if (call->anchored() && !SkipToAnchor(w, &f, &h)) return Cell::kNone;
  std::size_t events = 0;
  Newest previous;
  bool first = true;
  while (f < w.n || h < w.hn) {
    Newest current;
    if (h >= w.hn || (f < w.n && w.t[f] < w.h[h].t)) {
      current = {w.t[f], w.v[f], nullptr, w.start_of(f)};
      ++f;
    } else {
      current = {w.h[h].t, 0, w.h[h].h.get(), w.h[h].start};
      ++h;
    }
    if (!first && event(previous, current)) ++events;
    first = false;
    previous = current;
  }
  call->f = static_cast<double>(events);
  return Cell::kFloat;
}

}  // namespace

double ExtrapolationFactor(const Window& w, TimestampMs first, TimestampMs last, std::size_t samples, bool counter,
                           double first_value, double increase, TimestampMs start) {
  if (start != 0 && samples == 1) return 1;  // nothing says how far apart samples are
  double to_start = SecondsBetween(w.start, start != 0 ? start : first);
  double to_end = SecondsBetween(last, w.end);
  const double sampled = SecondsBetween(start != 0 ? start : first, last);
  const double average = SecondsBetween(first, last) / static_cast<double>(samples - 1);
  // A sample up to 10 % later than expected still counts as reaching the edge of the range; else half an interval is
  // assumed.
  const double threshold = average * 1.1;
  if (to_start >= threshold) to_start = average / 2;
  if (counter && increase > 0 && first_value >= 0) {
    to_start = std::min(to_start, sampled * (first_value / increase));  // a counter cannot have been below zero
  }
  if (to_end >= threshold) to_end = average / 2;
  return (sampled + to_start + to_end) / sampled;
}

Cell RateKernel(const Window& w, RangeCall* call) { return Extrapolated(w, call, true, true); }
Cell IncreaseKernel(const Window& w, RangeCall* call) { return Extrapolated(w, call, true, false); }
Cell DeltaKernel(const Window& w, RangeCall* call) { return Extrapolated(w, call, false, false); }
Cell InstantRateKernel(const Window& w, RangeCall* call) { return InstantValue(w, call, true); }
Cell InstantDeltaKernel(const Window& w, RangeCall* call) { return InstantValue(w, call, false); }

Cell ResetsKernel(const Window& w, RangeCall* call) {
  return CountEvents(w, call, [](const Newest& a, const Newest& b) {
    if ((a.h == nullptr) != (b.h == nullptr) || StartedAnew(a.started(), b.started())) return true;
    return a.h == nullptr ? b.v < a.v : DetectReset(*b.h, *a.h);
  });
}

Cell ChangesKernel(const Window& w, RangeCall* call) {
  return CountEvents(w, call, [](const Newest& a, const Newest& b) {
    if ((a.h == nullptr) != (b.h == nullptr)) return true;
    if (a.h != nullptr) return !SameHistogram(*b.h, *a.h);
    return b.v != a.v && !(std::isnan(b.v) && std::isnan(a.v));
  });
}

}  // namespace cachescope::promql
