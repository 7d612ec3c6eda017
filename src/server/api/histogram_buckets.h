// The buckets of a native histogram with their bounds, as the HTTP API lists them.
#pragma once

#include <vector>

#include "model/histogram.h"

namespace cachescope::api {

struct HistogramBucket {
  int boundary = 0;  // 0: (lower, upper]; 1: [lower, upper); 2: open both; 3: [lower, upper]
  double lower = 0;
  double upper = 0;
  double count = 0;
};

// All buckets with a count other than 0, ascending by bound. Pure.
std::vector<HistogramBucket> NonEmptyBuckets(const FloatHistogram& histogram);

}  // namespace cachescope::api
