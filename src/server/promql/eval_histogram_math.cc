// Sums, differences, comparison and counter resets of native histograms.
#include <bit>
#include <cmath>

#include "server/promql/eval.h"
#include "server/promql/eval_histogram.h"
#include "server/promql/eval_histogram_layout.h"

namespace cachescope::promql {
namespace {

bool SameSpans(const std::vector<BucketSpan>& a, const std::vector<BucketSpan>& b) { return a == b; }

bool SameLayout(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold &&
         SameSpans(a.positive_spans, b.positive_spans) && SameSpans(a.negative_spans, b.negative_spans) &&
         a.positive_buckets.size() == b.positive_buckets.size() &&
         a.negative_buckets.size() == b.negative_buckets.size() && a.custom_values == b.custom_values;
}

void AddTo(double value, double* sum, double* compensation) {
  if (compensation != nullptr) {
    KahanAdd(value, sum, compensation);
  } else {
    *sum += value;
  }
}

// Merges `other` (times sign) into `to`; with `compensated` the rounding errors go to the compensations.
IndexedBuckets Merge(const IndexedBuckets& to, const IndexedBuckets& other, double sign, bool compensated) {
  IndexedBuckets out;
  out.reserve(to.size() + other.size());
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < to.size() || j < other.size()) {
    if (j == other.size() || (i < to.size() && to[i].index < other[j].index)) {
      out.push_back(to[i++]);
    } else if (i == to.size() || other[j].index < to[i].index) {
      out.push_back({other[j].index, sign * other[j].count, 0});
      ++j;
    } else {
      IndexedBucket bucket = to[i++];
      AddTo(sign * other[j++].count, &bucket.count, compensated ? &bucket.compensation : nullptr);
      out.push_back(bucket);
    }
  }
  return out;
}

// The hint of a sum; true when one side is a reset and the other certainly not.
bool CombineHints(FloatHistogram* to, const FloatHistogram& other) {
  const CounterResetHint a = to->reset_hint;
  const CounterResetHint b = other.reset_hint;
  if (a == b || a == CounterResetHint::kGauge) return false;
  if (b == CounterResetHint::kGauge) {
    to->reset_hint = CounterResetHint::kGauge;
    return false;
  }
  to->reset_hint = CounterResetHint::kUnknown;
  return a != CounterResetHint::kUnknown && b != CounterResetHint::kUnknown;
}

void AddSameLayout(FloatHistogram* to, const FloatHistogram& other, double sign, FloatHistogram* c) {
  AddTo(sign * other.zero_count, &to->zero_count, c != nullptr ? &c->zero_count : nullptr);
  for (std::size_t i = 0; i < to->positive_buckets.size(); ++i) {
    AddTo(sign * other.positive_buckets[i], &to->positive_buckets[i], c != nullptr ? &c->positive_buckets[i] : nullptr);
  }
  for (std::size_t i = 0; i < to->negative_buckets.size(); ++i) {
    AddTo(sign * other.negative_buckets[i], &to->negative_buckets[i], c != nullptr ? &c->negative_buckets[i] : nullptr);
  }
}

// `c` has the layout of `to`; its counts become the compensations of the layout.
void AttachCompensation(Layout* layout, const FloatHistogram& c) {
  layout->zero_compensation = c.zero_count;
  for (std::size_t i = 0; i < layout->positive.size(); ++i) layout->positive[i].compensation = c.positive_buckets[i];
  for (std::size_t i = 0; i < layout->negative.size(); ++i) layout->negative[i].compensation = c.negative_buckets[i];
}

void StoreCompensation(const Layout& layout, FloatHistogram* c) {
  layout.Store(c);
  c->zero_count = layout.zero_compensation;
  for (std::size_t i = 0; i < layout.positive.size(); ++i) c->positive_buckets[i] = layout.positive[i].compensation;
  for (std::size_t i = 0; i < layout.negative.size(); ++i) c->negative_buckets[i] = layout.negative[i].compensation;
}

std::unique_ptr<FloatHistogram> ZeroLike(const FloatHistogram& h) {
  auto zero = std::make_unique<FloatHistogram>(h);
  zero->count = zero->sum = zero->zero_count = 0;
  zero->positive_buckets.assign(h.positive_buckets.size(), 0);
  zero->negative_buckets.assign(h.negative_buckets.size(), 0);
  return zero;
}

HistogramSumResult Combine(FloatHistogram* to, const FloatHistogram& other, double sign,
                           std::unique_ptr<FloatHistogram>* compensation) {
  HistogramSumResult result;
  if (to->uses_custom_buckets() != other.uses_custom_buckets()) {
    result.compatible = false;
    return result;
  }
  result.reset_collision = CombineHints(to, other);
  FloatHistogram* c = nullptr;
  if (compensation != nullptr) {
    if (*compensation == nullptr) *compensation = ZeroLike(*to);
    c = compensation->get();
  }
  AddTo(sign * other.count, &to->count, c != nullptr ? &c->count : nullptr);
  AddTo(sign * other.sum, &to->sum, c != nullptr ? &c->sum : nullptr);
  if (SameLayout(*to, other)) {
    AddSameLayout(to, other, sign, c);
    return result;
  }
  Layout a(*to);
  Layout b(other);
  if (c != nullptr) AttachCompensation(&a, *c);
  Align(&a, &b, &result.bounds_reconciled);
  a.positive = Merge(a.positive, b.positive, sign, c != nullptr);
  a.negative = Merge(a.negative, b.negative, sign, c != nullptr);
  AddTo(sign * b.zero_count, &a.zero_count, c != nullptr ? &a.zero_compensation : nullptr);
  a.Store(to);
  if (c != nullptr) StoreCompensation(a, c);
  return result;
}

void Compact(std::vector<BucketSpan>* spans, std::vector<double>* counts) {
  bool needed = false;
  for (double count : *counts) needed = needed || count == 0;
  for (std::size_t i = 0; i < spans->size(); ++i) {
    needed = needed || (*spans)[i].length == 0 || (i > 0 && (*spans)[i].offset == 0);
  }
  if (!needed) return;
  IndexedBuckets buckets = DecodeBuckets(*spans, *counts);
  std::erase_if(buckets, [](const IndexedBucket& b) { return b.count == 0; });
  EncodeBuckets(buckets, spans, counts);
}

bool SameBuckets(const std::vector<BucketSpan>& a_spans, const std::vector<double>& a_counts,
                 const std::vector<BucketSpan>& b_spans, const std::vector<double>& b_counts) {
  IndexedBuckets a = DecodeBuckets(a_spans, a_counts);
  IndexedBuckets b = DecodeBuckets(b_spans, b_counts);
  const auto empty = [](const IndexedBucket& bucket) { return bucket.count == 0; };
  std::erase_if(a, empty);
  std::erase_if(b, empty);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const IndexedBucket& x, const IndexedBucket& y) {
    return x.index == y.index && std::bit_cast<std::uint64_t>(x.count) == std::bit_cast<std::uint64_t>(y.count);
  });
}

// Whether any bucket of `previous` is missing or larger than in `now`.
bool AnyBucketFell(const IndexedBuckets& now, const IndexedBuckets& previous) {
  std::size_t i = 0;
  for (const IndexedBucket& before : previous) {
    while (i < now.size() && now[i].index < before.index) ++i;
    const double current = i < now.size() && now[i].index == before.index ? now[i].count : 0;
    if (before.count != 0 && current < before.count) return true;
  }
  return false;
}

}  // namespace

void CompactHistogram(FloatHistogram* h) {
  Compact(&h->positive_spans, &h->positive_buckets);
  Compact(&h->negative_spans, &h->negative_buckets);
}

void ScaleHistogram(FloatHistogram* h, double factor) {
  h->count *= factor;
  h->sum *= factor;
  h->zero_count *= factor;
  for (double& count : h->positive_buckets) count *= factor;
  for (double& count : h->negative_buckets) count *= factor;
  if (factor < 0) h->reset_hint = CounterResetHint::kGauge;
}

void DivideHistogram(FloatHistogram* h, double divisor) {
  h->count /= divisor;
  h->sum /= divisor;
  h->zero_count /= divisor;
  if (divisor == 0) {  // 0/0 in each empty bucket would be noise; without buckets the counts say all there is
    h->positive_spans.clear();
    h->negative_spans.clear();
    h->positive_buckets.clear();
    h->negative_buckets.clear();
    return;
  }
  for (double& count : h->positive_buckets) count /= divisor;
  for (double& count : h->negative_buckets) count /= divisor;
  if (divisor < 0) h->reset_hint = CounterResetHint::kGauge;
}

HistogramSumResult AddHistogram(FloatHistogram* to, const FloatHistogram& other,
                                std::unique_ptr<FloatHistogram>* compensation) {
  return Combine(to, other, 1, compensation);
}

HistogramSumResult SubtractHistogram(FloatHistogram* to, const FloatHistogram& other) {
  return Combine(to, other, -1, nullptr);
}

void ReduceResolution(FloatHistogram* h, std::int32_t schema) {
  if (schema >= h->schema) return;
  Layout layout(*h);
  layout.CoarsenTo(schema);
  layout.Store(h);
}

bool SameHistogram(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.zero_count == b.zero_count &&
         a.count == b.count && std::bit_cast<std::uint64_t>(a.sum) == std::bit_cast<std::uint64_t>(b.sum) &&
         a.custom_values == b.custom_values &&
         SameBuckets(a.positive_spans, a.positive_buckets, b.positive_spans, b.positive_buckets) &&
         SameBuckets(a.negative_spans, a.negative_buckets, b.negative_spans, b.negative_buckets);
}

bool DetectReset(const FloatHistogram& h, const FloatHistogram& previous) {
  if (h.reset_hint == CounterResetHint::kReset) return true;
  if (h.reset_hint == CounterResetHint::kNotReset) return false;
  if (h.count < previous.count) return true;
  if (h.uses_custom_buckets() != previous.uses_custom_buckets()) return true;
  Layout now(h);
  Layout before(previous);
  if (h.uses_custom_buckets()) {
    bool reconciled = false;
    Align(&now, &before, &reconciled);
    return AnyBucketFell(now.positive, before.positive);
  }
  // Finer buckets or a narrower zero bucket only come with a restart.
  if (h.schema > previous.schema || h.zero_threshold < previous.zero_threshold) return true;
  before.WidenZero(h.zero_threshold);
  if (before.zero_threshold != h.zero_threshold || h.zero_count < before.zero_count) return true;
  before.CoarsenTo(h.schema);
  return AnyBucketFell(now.positive, before.positive) || AnyBucketFell(now.negative, before.negative);
}

bool InterpolateHistogram(const FloatHistogram& a, const FloatHistogram& b, double fraction, bool counter,
                          FloatHistogram* out) {
  if (a.uses_custom_buckets() != b.uses_custom_buckets()) return false;
  *out = b;
  const bool reset = counter && DetectReset(b, a);
  if (!reset) SubtractHistogram(out, a);
  ScaleHistogram(out, fraction);
  if (!reset) AddHistogram(out, a);
  out->reset_hint = b.reset_hint;
  return true;
}

bool HasOverflow(const FloatHistogram& h) {
  if (std::isinf(h.zero_count) || std::isinf(h.count) || std::isinf(h.sum)) return true;
  for (double count : h.positive_buckets) {
    if (std::isinf(count)) return true;
  }
  for (double count : h.negative_buckets) {
    if (std::isinf(count)) return true;
  }
  return false;
}

}  // namespace cachescope::promql
