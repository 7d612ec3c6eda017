// rate, increase and delta of native histograms.
#include <algorithm>

#include "server/promql/eval_histogram.h"
#include "server/promql/eval_range.h"

namespace cachescope::promql {
namespace {

// Notes and refuses kinds of histograms that do not go together. `first` is what the increase is counted from.
bool CheckKinds(const Window& w, RangeCall* call, bool counter, const FloatHistogram& first) {
  Annotations& notes = call->annotations();
  const bool custom = first.uses_custom_buckets();
  bool fits = w.h[w.hn - 1].h->uses_custom_buckets() == custom;
  bool gauge = w.h[0].h->reset_hint == CounterResetHint::kGauge;
  for (std::size_t i = 1; i < w.hn; ++i) {
    gauge = gauge || w.h[i].h->reset_hint == CounterResetHint::kGauge;
    if (counter && i + 1 < w.hn) fits = fits && w.h[i].h->uses_custom_buckets() == custom;
  }
  if (counter && gauge) notes.NotCounter(call->metric, call->pos);
  if (!fits) notes.MixedExponentialCustom(call->metric, call->pos);
  return fits;
}

void NoteReconciled(RangeCall* call, const HistogramSumResult& result, const char* operation) {
  if (result.bounds_reconciled) call->annotations().BoundsReconciled(operation, call->pos);
}

}  // namespace

Cell HistogramRate(const Window& w, RangeCall* call, bool counter, bool per_second) {
  // A first sample that a reset directly follows does not matter; its layout may be anything.
  FloatHistogram nothing;
  const FloatHistogram* first = w.h[0].h.get();
  const FloatHistogram& second = *w.h[1].h;
  if (counter && DetectReset(second, *first)) {
    nothing.schema = second.schema;
    nothing.custom_values = second.custom_values;
    nothing.zero_threshold = second.zero_threshold;
    first = &nothing;
  }
  if (!CheckKinds(w, call, counter, *first)) return Cell::kNone;
  const FloatHistogram& last = *w.h[w.hn - 1].h;
  std::int32_t schema = std::min(last.schema, first->schema);
  if (counter) {
    for (std::size_t i = 1; i + 1 < w.hn; ++i) schema = std::min(schema, w.h[i].h->schema);
  }
  auto result = std::make_shared<FloatHistogram>(last);
  ReduceResolution(result.get(), schema);
  NoteReconciled(call, SubtractHistogram(result.get(), *first), "subtraction");
  if (counter) {
    const FloatHistogram* previous = first;
    for (std::size_t i = 1; i < w.hn; ++i) {
      const FloatHistogram& current = *w.h[i].h;
      if (DetectReset(current, *previous)) NoteReconciled(call, AddHistogram(result.get(), *previous), "addition");
      previous = &current;
    }
  } else if (w.h[0].h->reset_hint != CounterResetHint::kGauge || last.reset_hint != CounterResetHint::kGauge) {
    call->annotations().NotGauge(call->metric, call->pos);
  }
  double factor = ExtrapolationFactor(w, w.h[0].t, w.h[w.hn - 1].t, w.hn, counter, w.h[0].h->count, result->count);
  if (per_second) factor /= static_cast<double>(call->range) / 1000;
  result->reset_hint = CounterResetHint::kGauge;
  CompactHistogram(result.get());
  ScaleHistogram(result.get(), factor);
  call->h = std::move(result);
  return Cell::kHistogram;
}

}  // namespace cachescope::promql
