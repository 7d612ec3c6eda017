#include "server/promql/eval_quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cachescope::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kSmallDelta = 1e-12;  // differences below this share are rounding errors, not data

bool AlmostEqual(double a, double b, double epsilon) {
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double diff = std::fabs(a - b);
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || sum < kMinNormal) return diff < epsilon * kMinNormal;
  return diff / std::min(sum, std::numeric_limits<double>::max()) < epsilon;
}

void SortAndCoalesce(std::vector<ClassicBucket>* buckets) {
  std::stable_sort(buckets->begin(), buckets->end(),
                   [](const ClassicBucket& a, const ClassicBucket& b) { return a.upper < b.upper; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < buckets->size(); ++i) {
    if ((*buckets)[i].upper == (*buckets)[last].upper) {
      (*buckets)[last].count += (*buckets)[i].count;
    } else {
      (*buckets)[++last] = (*buckets)[i];
    }
  }
  buckets->resize(last + 1);
}

void EnsureMonotonic(std::vector<ClassicBucket>* buckets, BucketQuantileResult* result) {
  double previous = (*buckets)[0].count;
  for (std::size_t i = 1; i < buckets->size(); ++i) {
    ClassicBucket& bucket = (*buckets)[i];
    if (bucket.count == previous) continue;
    if (AlmostEqual(previous, bucket.count, kSmallDelta)) {
      bucket.count = previous;
    } else if (bucket.count < previous) {
      const double diff = previous - bucket.count;
      if (!result->forced_monotonic) result->min_bucket = bucket.upper;
      result->max_bucket = bucket.upper;
      result->max_diff = std::max(result->max_diff, diff);
      result->forced_monotonic = true;
      bucket.count = previous;
    } else {
      previous = bucket.count;
    }
  }
}

}  // namespace

double Quantile(double q, std::vector<double>* values) {
  if (values->empty() || std::isnan(q)) return kNan;
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  const auto less = [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; };
  const double n = static_cast<double>(values->size());
  const double rank = q * (n - 1);
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(n - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  const auto low = values->begin() + static_cast<std::ptrdiff_t>(lower);
  std::nth_element(values->begin(), low, values->end(), less);
  const double low_value = *low;
  const double high_value = upper > lower ? *std::min_element(low + 1, values->end(), less) : low_value;
  return low_value * (1 - weight) + high_value * weight;
}

BucketQuantileResult BucketQuantile(double q, std::vector<ClassicBucket>* buckets) {
  BucketQuantileResult result;
  result.value = kNan;
  if (std::isnan(q)) return result;
  if (q < 0 || q > 1) {
    result.value = q < 0 ? -kInf : kInf;
    return result;
  }
  SortAndCoalesce(buckets);
  if (!(buckets->back().upper == kInf)) return result;
  EnsureMonotonic(buckets, &result);
  if (buckets->size() < 2 || buckets->back().count == 0) return {kNan, false, 0, 0, 0};
  double rank = q * buckets->back().count;
  std::size_t b = 0;
  {
    std::size_t low = 0;
    std::size_t high = buckets->size() - 1;
    while (low < high) {  // first bucket with count >= rank; the order of the comparison matters for NaN counts
      const std::size_t middle = (low + high) / 2;
      if ((*buckets)[middle].count >= rank) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    b = low;
  }
  if (b == buckets->size() - 1) {
    result.value = (*buckets)[buckets->size() - 2].upper;
    return result;
  }
  if (b == 0 && (*buckets)[0].upper <= 0) {
    result.value = (*buckets)[0].upper;
    return result;
  }
  double start = 0;
  const double end = (*buckets)[b].upper;
  double count = (*buckets)[b].count;
  if (b > 0) {
    start = (*buckets)[b - 1].upper;
    count -= (*buckets)[b - 1].count;
    rank -= (*buckets)[b - 1].count;
  }
  result.value = start + (end - start) * (rank / count);
  return result;
}

double BucketFraction(double lower, double upper, std::vector<ClassicBucket>* buckets) {
  SortAndCoalesce(buckets);
  if (!(buckets->back().upper == kInf)) return kNan;
  BucketQuantileResult unused;
  EnsureMonotonic(buckets, &unused);
  const double count = buckets->back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  double rank = 0;
  double lower_rank = 0;
  double upper_rank = 0;
  bool lower_set = false;
  bool upper_set = false;
  for (std::size_t i = 0; i < buckets->size() && !(lower_set && upper_set); ++i) {
    const ClassicBucket& bucket = (*buckets)[i];
    double start = -kInf;
    if (i > 0) {
      start = (*buckets)[i - 1].upper;
    } else if (bucket.upper > 0) {
      start = 0;  // the natural lower bound of positive observations
    }
    const auto at = [&](double v) {
      if (start == -kInf) return bucket.count;  // in a bucket without lower end there is nothing to interpolate
      return rank + (bucket.count - rank) * (v - start) / (bucket.upper - start);
    };
    if (!lower_set && start >= lower) {
      lower_rank = rank;
      lower_set = true;
    }
    if (!upper_set && start >= upper) {
      upper_rank = rank;
      upper_set = true;
    }
    if (!lower_set && start < lower && bucket.upper > lower) {
      lower_rank = at(lower);
      lower_set = true;
    }
    if (!upper_set && start < upper && bucket.upper > upper) {
      upper_rank = at(upper);
      upper_set = true;
    }
    rank = bucket.count;
  }
  if (!lower_set || lower_rank > count) lower_rank = count;
  if (!upper_set || upper_rank > count) upper_rank = count;
  return (upper_rank - lower_rank) / count;
}

}  // namespace cachescope::promql
