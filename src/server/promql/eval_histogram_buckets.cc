// What one native histogram says: buckets with bounds, quantile, fraction, variance, trimming, text.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "server/promql/eval.h"
#include "server/promql/eval_histogram.h"
#include "server/promql/eval_histogram_layout.h"
#include "server/promql/eval_text.h"

namespace cachescope::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The zero bucket of a histogram with observations on one side only ends at zero.
void ClampZeroBucket(const FloatHistogram& h, Bucket* bucket) {
  if (h.negative_buckets.empty() && !h.positive_buckets.empty()) bucket->lower = 0;
  if (h.positive_buckets.empty() && !h.negative_buckets.empty()) bucket->upper = 0;
}

// The share of an exponential bucket below `v`, on a logarithmic scale.
double LogFraction(const Bucket& bucket, double v) {
  const double lower = std::log2(std::fabs(bucket.lower));
  const double upper = std::log2(std::fabs(bucket.upper));
  const double at = std::log2(std::fabs(v));
  return v > 0 ? (at - lower) / (upper - lower) : 1 - (at - upper) / (lower - upper);
}

}  // namespace

namespace {

double CustomBound(const std::vector<double>& bounds, std::int64_t index) {
  if (index < 0) return -kInf;
  return static_cast<std::size_t>(index) < bounds.size() ? bounds[static_cast<std::size_t>(index)] : kInf;
}

}  // namespace

Bucket PositiveBucket(const FloatHistogram& h, const IndexedBucket& bucket) {
  if (h.uses_custom_buckets()) {
    return {CustomBound(h.custom_values, std::int64_t{bucket.index} - 1), CustomBound(h.custom_values, bucket.index),
            bucket.count};
  }
  return {ExponentialBound(bucket.index - 1, h.schema), ExponentialBound(bucket.index, h.schema), bucket.count};
}

Bucket NegativeBucket(const FloatHistogram& h, const IndexedBucket& bucket) {
  return {-ExponentialBound(bucket.index, h.schema), -ExponentialBound(bucket.index - 1, h.schema), bucket.count};
}

std::vector<Bucket> AscendingBuckets(const FloatHistogram& h) {
  std::vector<Bucket> out;
  const IndexedBuckets negative = DecodeBuckets(h.negative_spans, h.negative_buckets);
  for (auto it = negative.rbegin(); it != negative.rend(); ++it) {
    Bucket bucket = NegativeBucket(h, *it);
    bucket.upper = std::min(bucket.upper, -h.zero_threshold);
    out.push_back(bucket);
  }
  if (h.zero_count > 0) out.push_back({-h.zero_threshold, h.zero_threshold, h.zero_count});
  for (const IndexedBucket& indexed : DecodeBuckets(h.positive_spans, h.positive_buckets)) {
    Bucket bucket = PositiveBucket(h, indexed);
    if (!h.uses_custom_buckets()) bucket.lower = std::max(bucket.lower, h.zero_threshold);
    out.push_back(bucket);
  }
  return out;
}

double HistogramQuantile(double q, const FloatHistogram& h) {
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (h.count == 0 || std::isnan(q)) return kNan;
  const std::vector<Bucket> buckets = AscendingBuckets(h);
  // Observations of NaN are in no bucket, so ranks are only right from below; otherwise the nearer end is more exact.
  const bool forward = std::isnan(h.sum) || q < 0.5;
  double rank = forward ? q * h.count : (1 - q) * h.count;
  double count = 0;
  Bucket bucket;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const Bucket& candidate = forward ? buckets[i] : buckets[buckets.size() - 1 - i];
    if (candidate.count == 0) continue;
    bucket = candidate;
    count += bucket.count;
    if (count >= rank) break;
  }
  if (h.uses_custom_buckets()) {
    if (bucket.lower == -kInf) {
      if (bucket.upper <= 0) return bucket.upper;
      bucket.lower = 0;
    } else if (bucket.upper == kInf) {
      return bucket.lower;
    }
  } else if (bucket.lower < 0 && bucket.upper > 0) {
    ClampZeroBucket(h, &bucket);
  }
  count = std::min(count, h.count);
  if (count < rank) return std::isnan(h.sum) ? kNan : bucket.upper;
  rank = forward ? rank - (count - bucket.count) : count - rank;
  const double fraction = rank / bucket.count;
  if (h.uses_custom_buckets() || (bucket.lower <= 0 && bucket.upper >= 0)) {
    return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  }
  const double lower = std::log2(std::fabs(bucket.lower));
  const double upper = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(lower + (upper - lower) * fraction);
  return -std::exp2(upper + (lower - upper) * (1 - fraction));
}

double HistogramFraction(double lower, double upper, const FloatHistogram& h) {
  if (h.count == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  double rank = 0;
  double ranks[2] = {0, 0};
  bool set[2] = {false, false};
  const double bounds[2] = {lower, upper};
  // Observations of NaN are counted but in no bucket.
  double total = h.count;
  const std::vector<Bucket> buckets = AscendingBuckets(h);
  for (Bucket bucket : buckets) {
    bool linear = h.uses_custom_buckets();
    if (linear) {
      if (bucket.lower == -kInf && bucket.upper > 0) bucket.lower = 0;
    } else if (bucket.lower <= 0 && bucket.upper >= 0) {
      linear = true;
      ClampZeroBucket(h, &bucket);
    }
    for (int i = 0; i < 2; ++i) {
      if (set[i]) continue;
      if (bucket.lower >= bounds[i]) {
        ranks[i] = rank;
        set[i] = true;
      } else if (bucket.upper > bounds[i]) {
        double fraction =
            linear ? (bounds[i] - bucket.lower) / (bucket.upper - bucket.lower) : LogFraction(bucket, bounds[i]);
        if (std::isinf(bucket.lower))
          fraction = 1;  // where in an open bucket cannot be said: all of it is below, or none
        if (std::isinf(bucket.upper)) fraction = 0;
        ranks[i] = rank + bucket.count * fraction;
        set[i] = true;
      }
    }
    rank += bucket.count;
  }
  for (int i = 0; i < 2; ++i) {
    const double most = std::isnan(h.sum) ? rank : total;
    if (!set[i] || ranks[i] > most) ranks[i] = most;
  }
  return (ranks[1] - ranks[0]) / total;
}

double HistogramVariance(const FloatHistogram& h) {
  const double mean = h.sum / h.count;
  double sum = 0;
  double compensation = 0;
  for (const Bucket& bucket : AscendingBuckets(h)) {
    if (bucket.count == 0) continue;
    double middle = 0;
    if (h.uses_custom_buckets()) {
      middle = (bucket.upper + bucket.lower) / 2;
    } else if (!(bucket.lower <= 0 && bucket.upper >= 0)) {
      middle = std::sqrt(bucket.upper * bucket.lower);
      if (bucket.upper < 0) middle = -middle;
    }
    const double delta = middle - mean;
    KahanAdd(bucket.count * delta * delta, &sum, &compensation);
  }
  return (sum + compensation) / h.count;
}

namespace {

void AppendBucket(std::string* out, char open, const Bucket& b, char close) {
  if (b.count == 0) return;
  *out +=
      fmt::format(", {}{},{}{}:{}", open, GeneralFloat(b.lower), GeneralFloat(b.upper), close, GeneralFloat(b.count));
}

}  // namespace

std::string HistogramToString(const FloatHistogram& h) {
  std::string out = fmt::format("{{count:{}, sum:{}", GeneralFloat(h.count), GeneralFloat(h.sum));
  const IndexedBuckets negative = DecodeBuckets(h.negative_spans, h.negative_buckets);
  for (auto it = negative.rbegin(); it != negative.rend(); ++it) AppendBucket(&out, '[', NegativeBucket(h, *it), ')');
  AppendBucket(&out, '[', {-h.zero_threshold, h.zero_threshold, h.zero_count}, ']');
  for (const IndexedBucket& indexed : DecodeBuckets(h.positive_spans, h.positive_buckets)) {
    const Bucket b = PositiveBucket(h, indexed);
    AppendBucket(&out, b.lower == -kInf ? '[' : '(', b, ']');
  }
  return out + "}";
}

}  // namespace cachescope::promql
