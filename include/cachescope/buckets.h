// Bucket bounds of classic histograms.
#pragma once

#include <cstddef>
#include <vector>

namespace cachescope {

/// Most bucket bounds of a histogram.
inline constexpr std::size_t kMaxBuckets = 500;

/// 0.005 to 10, eleven bounds: the usual ones for request durations in seconds.
std::vector<double> DefaultBuckets();
/// 1 µs to 1 s in steps of 1, 2.5, 5, nineteen bounds in seconds: durations of operations on a cache.
std::vector<double> CacheLatencyBuckets();
/// `count` bounds: start, start + width, …
std::vector<double> LinearBuckets(double start, double width, std::size_t count);
/// `count` bounds: start, start · factor, …
std::vector<double> ExponentialBuckets(double start, double factor, std::size_t count);

}  // namespace cachescope
