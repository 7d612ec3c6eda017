#include "client/profile/duration_buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cachescope::client {

std::uint64_t BucketStart(std::uint32_t bucket) noexcept {
  if (bucket < 32) return bucket;
  if (bucket < 464) return std::uint64_t{bucket % 16 + 16} << (bucket / 16 - 1);
  return std::uint64_t{(bucket - 464) % 4 + 4} << ((bucket - 464) / 4 + 30);
}

double BucketQuantile(std::span<const std::uint64_t> counts, double quantile, double min, double max) noexcept {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  if (total == 0) return std::numeric_limits<double>::quiet_NaN();
  const double rank = std::max(1.0, std::ceil(quantile * static_cast<double>(total)));
  double before = 0;
  std::size_t i = 0;
  for (; i + 1 < counts.size(); ++i) {
    if (before + static_cast<double>(counts[i]) >= rank) break;
    before += static_cast<double>(counts[i]);
  }
  if (i + 1 >= detail::kDurationBuckets) return max;
  const auto bucket = static_cast<std::uint32_t>(i);
  const auto start = static_cast<double>(BucketStart(bucket));
  const double width = static_cast<double>(BucketStart(bucket + 1)) - start;
  // Buckets of one nanosecond hold exactly their start.
  const double part = width <= 1 ? 0 : (rank - before - 0.5) / static_cast<double>(counts[i]);
  return std::clamp(start + width * part, std::min(min, max), max);
}

}  // namespace cachescope::client
