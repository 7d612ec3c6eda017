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

Started StartedAt(const Window& w, std::size_t i) { return {w.h[i].t, w.h[i].start}; }

// Whether the counter was reset before sample i.
bool Reset(const Window& w, std::size_t i) {
  return DetectReset(*w.h[i].h, *w.h[i - 1].h) || StartedAnew(StartedAt(w, i - 1), StartedAt(w, i));
}

void NoteOverlap(const Window& w, RangeCall* call) {
  for (std::size_t i = 1; i < w.hn; ++i) {
    if (StartsOverlap(StartedAt(w, i - 1), StartedAt(w, i))) {
      return call->annotations().StartOverlap(call->metric, call->pos);
    }
  }
}

void NoteReconciled(RangeCall* call, const HistogramSumResult& result, const char* operation) {
  if (result.bounds_reconciled) call->annotations().BoundsReconciled(operation, call->pos);
}

}  // namespace

Cell HistogramRate(const Window& w, RangeCall* call, bool counter, bool per_second) {
  const TimestampMs zero = counter ? ZeroPoint(w, w.h[0].t, w.h[0].start) : 0;
  if (w.hn < 2 && zero == 0) return Cell::kNone;
  // The increase counts from the first sample; or from nothing, when its start is in the range or a reset directly
  // follows it: then its layout may be anything.
  FloatHistogram nothing;
  const FloatHistogram* first = w.h[0].h.get();
  std::size_t next = 1;  // the first sample that can bring a reset to make up for
  if (zero != 0 || (counter && Reset(w, 1))) {
    if (zero == 0) next = 2;
    const FloatHistogram& layout = *w.h[next - 1].h;
    nothing.schema = layout.schema;
    nothing.custom_values = layout.custom_values;
    nothing.zero_threshold = layout.zero_threshold;
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
    for (std::size_t i = next; i < w.hn; ++i) {
      if (Reset(w, i)) NoteReconciled(call, AddHistogram(result.get(), *w.h[i - 1].h), "addition");
    }
    NoteOverlap(w, call);
  } else if (w.h[0].h->reset_hint != CounterResetHint::kGauge || last.reset_hint != CounterResetHint::kGauge) {
    call->annotations().NotGauge(call->metric, call->pos);
  }
  double factor = ExtrapolationFactor(w, w.h[0].t, w.h[w.hn - 1].t, w.hn, counter, zero != 0 ? 0 : w.h[0].h->count,
                                      result->count, zero);
  if (per_second) factor /= static_cast<double>(call->range) / 1000;
  result->reset_hint = CounterResetHint::kGauge;
  CompactHistogram(result.get());
  ScaleHistogram(result.get(), factor);
  call->h = std::move(result);
  return Cell::kHistogram;
}

}  // namespace cachescope::promql
