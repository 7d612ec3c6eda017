// The bounds of the duration buckets of profiler_cells.h, and quantiles from their counts. Pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "cachescope/profiler_cells.h"

namespace cachescope::client {

/// Least duration that counts in a bucket, in nanoseconds. REQUIRES: bucket < kDurationBuckets.
std::uint64_t BucketStart(std::uint32_t bucket) noexcept;

/// The duration in nanoseconds below which a fraction `quantile` (0 to 1) of the values lies: by nearest rank, evenly
/// spread within the bucket, and not outside `min` and `max`. NaN without values.
double BucketQuantile(std::span<const std::uint64_t> counts, double quantile, double min, double max) noexcept;

}  // namespace cachescope::client
