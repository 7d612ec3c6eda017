// Native (exponential) buckets of a histogram: how fine they are, and what happens when there are too many.
#pragma once

#include <chrono>
#include <cstddef>

namespace cachescope {

/// Says that a histogram has no native buckets.
inline constexpr int kNoSchema = 100;

/// Native (exponential) buckets of a histogram: each is 2^(2^-schema) times as wide as the one before.
struct NativeOptions {
  /// -4 (factor 65536) to 8 (factor 1.0027).
  int schema = kNoSchema;
  /// Instead of a schema, above 1: takes the widest buckets whose factor is not above this one. 0 if not used.
  double growth_factor = 0;
  /// Values up to this distance from 0 count in the zero bucket.
  double zero_threshold = 2.938735877055719e-39;
  /// Most buckets in use per series, 1 to 10,000. One more, and the first of these that is possible happens: the series
  /// starts anew if min_reset has passed since it began; the zero bucket grows over the bucket next to it, up to
  /// max_zero_threshold; neighbours merge, which lowers the schema by one. At schema -4, where a series has at most
  /// some 260 buckets, the bound is given up. Each such step counts in cachescope_client_bucket_limits_total, and when
  /// min_reset is set, the first scrape after it starts the series anew to undo what had to be merged.
  std::size_t max_buckets = 160;
  /// 0 for never; otherwise at least one second.
  std::chrono::milliseconds min_reset{0};
  double max_zero_threshold = 0;
};

}  // namespace cachescope
