#include "server/api/histogram_buckets.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "cachescope/detail/exponential_bounds.h"

namespace cachescope::api {
namespace {

// Upper bound of bucket `index`: 2^(index * 2^-schema), or the custom bound.
double UpperBound(const FloatHistogram& h, std::int32_t index) {
  if (h.uses_custom_buckets()) {
    const auto i = static_cast<std::size_t>(index);
    return index < 0 ? -HUGE_VAL : i < h.custom_values.size() ? h.custom_values[i] : HUGE_VAL;
  }
  if (h.schema <= 0) return std::ldexp(1.0, index * (1 << -h.schema));
  const std::int32_t per_power = 1 << h.schema;
  const std::int32_t part = index & (per_power - 1);
  // Upstream's doubles, which are not always the nearest ones. They are numbers of [1/2, 1).
  const std::uint64_t mantissa = detail::kBoundMantissas[part << (8 - h.schema)];
  return std::ldexp(std::bit_cast<double>(std::uint64_t{0x3fe} << 52 | mantissa), (index - part) / per_power + 1);
}

}  // namespace

std::vector<HistogramBucket> NonEmptyBuckets(const FloatHistogram& h) {
  std::vector<HistogramBucket> out;
  const auto walk = [&](const std::vector<BucketSpan>& spans, const std::vector<double>& counts, bool negative) {
    std::int32_t index = 0;
    std::size_t at = 0;
    for (const BucketSpan& span : spans) {
      index += span.offset;
      for (std::uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++index, ++at) {
        if (counts[at] == 0) continue;
        // A bucket that the zero bucket reaches into begins where that ends.
        const double upper = UpperBound(h, index);
        const double lower =
            h.uses_custom_buckets() ? UpperBound(h, index - 1) : std::max(UpperBound(h, index - 1), h.zero_threshold);
        if (negative) {
          out.push_back({1, -upper, -lower, counts[at]});
        } else if (h.uses_custom_buckets() && index == 0) {
          out.push_back({3, -HUGE_VAL, upper, counts[at]});
        } else {
          out.push_back({0, lower, upper, counts[at]});
        }
      }
    }
  };
  walk(h.negative_spans, h.negative_buckets, true);
  std::reverse(out.begin(), out.end());
  if (h.zero_count > 0) out.push_back({3, -h.zero_threshold, h.zero_threshold, h.zero_count});
  walk(h.positive_spans, h.positive_buckets, false);
  return out;
}

}  // namespace cachescope::api
