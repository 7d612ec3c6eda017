#include "client/sketch/exponential.h"

#include <algorithm>
#include <cmath>

namespace cachescope::client {

double UpperBound(std::int32_t index, int schema) noexcept {
  const int steps = kMaxSchema - schema;
  if (index > CoarseIndex(kMaxFineIndex, steps)) return std::numeric_limits<double>::infinity();
  const std::int64_t fine = static_cast<std::int64_t>(index) << steps;
  if (fine >= kMaxFineIndex) return std::numeric_limits<double>::max();
  const std::uint64_t one = std::bit_cast<std::uint64_t>(1.0);
  const auto fraction = std::bit_cast<double>(one | detail::kBoundMantissas[static_cast<std::size_t>(fine & 255)]);
  return std::ldexp(fraction, static_cast<int>(fine >> 8));
}

double BucketMiddle(std::int32_t index, int schema) noexcept {
  const double high = UpperBound(index, schema);
  if (std::isinf(high)) return high;
  const double low = UpperBound(index - 1, schema);
  // low / high is 2^-w, so that nothing overflows; a bucket that reaches to 0 has no width to speak of.
  return low <= 0 ? high : low * (2 / (1 + low / high));
}

double SchemaError(int schema) noexcept {
  const double base = std::exp2(std::ldexp(1.0, -schema));
  return (base - 1) / (base + 1);
}

int SchemaForError(double relative_error) noexcept {
  int schema = kMinSchema;
  while (schema < kMaxSchema && !(SchemaError(schema) <= relative_error)) ++schema;
  return schema;
}

int SchemaForFactor(double growth_factor) noexcept {
  const double floor = std::floor(std::log2(std::log2(growth_factor)));
  return static_cast<int>(std::clamp(-floor, static_cast<double>(kMinSchema), static_cast<double>(kMaxSchema)));
}

}  // namespace cachescope::client
