// Sum and mean of native histograms, shared by sum, avg, sum_over_time and avg_over_time.
#pragma once

#include <memory>

#include "server/promql/eval.h"

namespace cachescope::promql {

// Compensated summation; the mean goes over to a running mean when the sum would overflow. Not thread-safe.
class HistogramTotal {
 public:
  explicit HistogramTotal(bool mean) : mean_(mean) {}
  // False when `h` does not fit the ones before (exponential and custom buckets); the total is then useless.
  bool Add(const FloatHistogram& h);
  // The result; notes colliding counter resets and reconciled bounds. REQUIRES: at least one Add.
  HistogramPtr Finish(Annotations* annotations, Position pos);
  bool empty() const { return sum_ == nullptr; }

 private:
  bool AddToMean(const FloatHistogram& h);

  bool mean_;
  bool running_ = false;
  double count_ = 0;
  std::unique_ptr<FloatHistogram> sum_;
  std::unique_ptr<FloatHistogram> compensation_;
  bool reset_seen_ = false;
  bool not_reset_seen_ = false;
  bool reconciled_ = false;
};

}  // namespace cachescope::promql
