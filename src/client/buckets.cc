#include "cachescope/buckets.h"

namespace cachescope {

std::vector<double> DefaultBuckets() { return {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}; }

std::vector<double> CacheLatencyBuckets() {
  return {1e-6,   2.5e-6, 5e-6, 1e-5,  2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3,
          2.5e-3, 5e-3,   0.01, 0.025, 0.05,   0.1,  0.25, 0.5,    1};
}

std::vector<double> LinearBuckets(double start, double width, std::size_t count) {
  std::vector<double> bounds;
  for (std::size_t i = 0; i < count && i < kMaxBuckets; ++i) bounds.push_back(start + width * static_cast<double>(i));
  return bounds;
}

std::vector<double> ExponentialBuckets(double start, double factor, std::size_t count) {
  std::vector<double> bounds;
  for (double bound = start; bounds.size() < count && bounds.size() < kMaxBuckets; bound *= factor) {
    bounds.push_back(bound);
  }
  return bounds;
}

}  // namespace cachescope
