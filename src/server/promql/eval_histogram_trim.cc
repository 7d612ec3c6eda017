// The operators </ and >/: a histogram without the observations above or below a bound.
#include <algorithm>
#include <cmath>
#include <limits>

#include "server/promql/eval_histogram.h"
#include "server/promql/eval_histogram_layout.h"

namespace cachescope::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// What stays of a bucket, and the value its observations are taken to have.
struct Kept {
  double count = 0;
  double middle = 0;
};

double FiniteOrZero(double v) { return std::isinf(v) ? 0 : v; }

// The typical value between two bounds: arithmetic mean for custom buckets, geometric mean for exponential ones.
double Middle(double lower, double upper, bool positive, bool linear) {
  if (std::isinf(lower)) return std::isinf(upper) ? 0 : (upper > 0 ? upper / 2 : upper);
  if (std::isinf(upper)) return lower;
  if (linear) return (lower + upper) / 2;
  const double mean = std::sqrt(std::fabs(lower * upper));
  return positive ? mean : -mean;
}

// A bucket with an infinite bound that contains the trim point. Where its observations lie is unknown, so that mostly
// it stays or goes as a whole; with a positive upper bound it is taken to begin at zero.
Kept KeepOfOpenBucket(const Bucket& b, double bound, bool upper) {
  if (b.lower != -kInf) {
    if (!upper && bound >= b.lower) return {b.count, bound};
    return {0, FiniteOrZero(b.lower)};
  }
  const bool splits = b.upper > 0 && b.upper != kInf;
  if (upper) {
    if (bound > 0 && splits) return {b.count * bound / b.upper, bound / 2};
    if (b.upper <= 0) return {b.count, bound};
    return {0, FiniteOrZero(b.upper)};
  }
  if (bound >= 0 && splits) return {b.count * (1 - bound / b.upper), (bound + b.upper) / 2};
  return {0, FiniteOrZero(b.upper)};
}

// A bucket that contains the trim point.
Kept KeepOfSplitBucket(const Bucket& b, double bound, bool upper, bool positive, bool linear) {
  if (b.lower == -kInf || b.upper == kInf) return KeepOfOpenBucket(b, bound, upper);
  double share = (bound - b.lower) / (b.upper - b.lower);
  if (!linear) {
    const double low = std::log2(std::fabs(b.lower));
    const double high = std::log2(std::fabs(b.upper));
    const double at = std::log2(std::fabs(bound));
    share = positive ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
  }
  const double below = b.count * share;
  if (upper) return {below, Middle(b.lower, bound, positive, linear)};
  return {b.count - below, Middle(bound, b.upper, positive, linear)};
}

// The zero bucket; one that only has neighbours on one side ends at zero.
Kept KeepOfZeroBucket(Bucket b, double bound, bool upper, bool any_negative, bool any_positive) {
  if (any_negative && !any_positive) b.upper = 0;
  if (any_positive && !any_negative) b.lower = 0;
  const bool none = upper ? bound <= b.lower : bound >= b.upper;
  const bool all = upper ? bound >= b.upper : bound <= b.lower;
  if (none) return {0, 0};
  if (all) return {b.count, (b.lower + b.upper) / 2};
  const double width = b.upper - b.lower;
  if (upper) return {b.count * ((bound - b.lower) / width), (b.lower + bound) / 2};
  return {b.count * ((b.upper - bound) / width), (bound + b.upper) / 2};
}

class Trimmer {
 public:
  Trimmer(FloatHistogram* h, double bound, bool upper) : h_(*h), bound_(bound), upper_(upper) {}

  void Run() {
    IndexedBuckets positive = DecodeBuckets(h_.positive_spans, h_.positive_buckets);
    bool any_positive = false;
    for (IndexedBucket& bucket : positive)
      any_positive = Trim(&bucket.count, PositiveBucket(h_, bucket), true) || any_positive;
    IndexedBuckets negative = DecodeBuckets(h_.negative_spans, h_.negative_buckets);
    bool any_negative = false;
    for (IndexedBucket& bucket : negative)
      any_negative = Trim(&bucket.count, NegativeBucket(h_, bucket), false) || any_negative;
    if (h_.zero_count > 0) {
      const Kept kept = KeepOfZeroBucket({-h_.zero_threshold, h_.zero_threshold, h_.zero_count}, bound_, upper_,
                                         any_negative, any_positive);
      Account(kept, &h_.zero_count);
    }
    if (!changed_) return;  // count and sum stay exact
    h_.count = count_;
    h_.sum = sum_;
    EncodeBuckets(positive, &h_.positive_spans, &h_.positive_buckets);
    EncodeBuckets(negative, &h_.negative_spans, &h_.negative_buckets);
    CompactHistogram(&h_);
  }

 private:
  void Account(const Kept& kept, double* count) {
    count_ += kept.count;
    if (kept.count != 0) sum_ += kept.middle * kept.count;
    changed_ = changed_ || *count != kept.count;
    *count = kept.count;
  }

  // Whether the bucket had observations.
  bool Trim(double* count, const Bucket& b, bool positive) {
    if (b.count == 0) return false;
    const bool linear = h_.uses_custom_buckets();
    const bool whole = upper_ ? b.upper <= bound_ : b.lower >= bound_;
    const bool part = upper_ ? b.lower < bound_ : b.upper > bound_;
    if (whole) {
      Account({b.count, Middle(b.lower, b.upper, positive, linear)}, count);
    } else {
      Account(part ? KeepOfSplitBucket(b, bound_, upper_, positive, linear) : Kept(), count);
    }
    return true;
  }

  FloatHistogram& h_;
  double bound_;
  bool upper_;
  bool changed_ = false;
  double count_ = 0;
  double sum_ = 0;
};

}  // namespace

void TrimHistogram(FloatHistogram* h, double bound, bool upper) { Trimmer(h, bound, upper).Run(); }

}  // namespace cachescope::promql
