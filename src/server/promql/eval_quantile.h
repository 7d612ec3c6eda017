// Quantiles of plain values and of classic histograms. Pure and thread-safe.
#pragma once

#include <vector>

namespace cachescope::promql {

// The φ-quantile with linear interpolation between neighbours. Sorts `values` (NaN smallest). NaN when empty or q is
// NaN; ±Inf for q outside [0, 1].
double Quantile(double q, std::vector<double>* values);

// A cumulative bucket of a classic histogram.
struct ClassicBucket {
  double upper = 0;
  double count = 0;
};

struct BucketQuantileResult {
  double value = 0;
  bool forced_monotonic = false;  // a count fell from one bucket to the next and was raised
  double min_bucket = 0;          // where that happened, and by how much
  double max_bucket = 0;
  double max_diff = 0;
};
// Sorts and repairs `buckets`. REQUIRES: not empty.
BucketQuantileResult BucketQuantile(double q, std::vector<ClassicBucket>* buckets);
// The share of observations in (lower, upper]. REQUIRES: not empty.
double BucketFraction(double lower, double upper, std::vector<ClassicBucket>* buckets);

}  // namespace cachescope::promql
