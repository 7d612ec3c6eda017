// A native histogram sample with float counts: exponential buckets of a schema, or custom bounds.
//
// Format source: the Prometheus native histogram specification. Value type; const methods may be called concurrently.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cachescope {

enum class CounterResetHint : unsigned char { kUnknown, kReset, kNotReset, kGauge };

// `offset`: buckets skipped since the previous span (for the first: index of its first bucket). `length`: consecutive
// buckets.
struct BucketSpan {
  std::int32_t offset = 0;
  std::uint32_t length = 0;
  bool operator==(const BucketSpan&) const = default;
};

// Schema of histograms whose bounds are `custom_values` (upper bounds, ascending, without +Inf).
inline constexpr std::int32_t kCustomBucketsSchema = -53;

struct FloatHistogram {
  std::int32_t schema = 0;  // -4 … 8, or kCustomBucketsSchema
  CounterResetHint reset_hint = CounterResetHint::kUnknown;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;  // the staleness marker here ends the series
  std::vector<BucketSpan> positive_spans;
  std::vector<BucketSpan> negative_spans;
  std::vector<double> positive_buckets;  // absolute counts, one per bucket of the spans
  std::vector<double> negative_buckets;
  std::vector<double> custom_values;

  bool uses_custom_buckets() const noexcept { return schema == kCustomBucketsSchema; }
};

}  // namespace cachescope
