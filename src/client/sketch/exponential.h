// Indexes of exponential buckets: bucket i of schema s holds magnitudes in (2^((i-1)·2^-s), 2^(i·2^-s)]. Pure
// functions, exact at the bounds: the bounds are the doubles that Prometheus has for those powers
// (exponential_bounds.h).
//
// The index is found for schema 8, from the exponent and a search among 256 mantissas that a table shortens to two
// comparisons. Buckets of a lower schema are unions of those of a higher one, so any other index is that one shifted.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "cachescope/detail/exponential_bounds.h"

namespace cachescope::client {

inline constexpr int kMinSchema = -4;
inline constexpr int kMaxSchema = 8;
/// Index of the greatest finite double in schema 8; infinities are one above, in every schema.
inline constexpr std::int32_t kMaxFineIndex = 1024 * 256;

namespace exponential {

inline constexpr int kMantissaBits = 52;
inline constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << kMantissaBits) - 1;

/// Number of bounds below the mantissas whose top eight bits are the index.
constexpr std::array<std::uint16_t, 256> MakeStarts() noexcept {
  std::array<std::uint16_t, 256> starts{};
  for (std::size_t top = 0; top < starts.size(); ++top) {
    std::uint16_t below = 0;
    while (below < 256 && detail::kBoundMantissas[below] < (static_cast<std::uint64_t>(top) << 44)) ++below;
    starts[top] = below;
  }
  return starts;
}

/// Two more than the bounds, above every mantissa, so that the comparisons need no end.
constexpr std::array<std::uint64_t, 258> MakePaddedBounds() noexcept {
  std::array<std::uint64_t, 258> bounds{};
  for (std::size_t i = 0; i < 256; ++i) bounds[i] = detail::kBoundMantissas[i];
  bounds[256] = bounds[257] = ~std::uint64_t{0};
  return bounds;
}

inline constexpr std::array<std::uint16_t, 256> kStarts = MakeStarts();
inline constexpr std::array<std::uint64_t, 258> kPaddedBounds = MakePaddedBounds();

}  // namespace exponential

/// Index in schema 8. REQUIRES: magnitude is positive and finite.
inline std::int32_t FineIndex(double magnitude) noexcept {
  std::int32_t exponent = -1023;
  if (magnitude < std::numeric_limits<double>::min()) [[unlikely]] {
    magnitude *= 0x1p54;  // exact: makes a subnormal number normal
    exponent -= 54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(magnitude);
  exponent += static_cast<std::int32_t>(bits >> exponential::kMantissaBits);
  const std::uint64_t mantissa = bits & exponential::kMantissaMask;
  std::size_t position = exponential::kStarts[mantissa >> 44];
  position += exponential::kPaddedBounds[position] < mantissa ? 1U : 0U;
  position += exponential::kPaddedBounds[position] < mantissa ? 1U : 0U;
  return exponent * 256 + static_cast<std::int32_t>(position);
}

/// The index in the schema that is `steps` lower: rounded up, because upper bounds are inclusive.
inline constexpr std::int32_t CoarseIndex(std::int32_t index, int steps) noexcept {
  return (index + (std::int32_t{1} << steps) - 1) >> steps;
}

/// Index of infinity.
inline constexpr std::int32_t InfinityIndex(int schema) noexcept {
  return CoarseIndex(kMaxFineIndex, kMaxSchema - schema) + 1;
}

/// The upper bound of a bucket; the greatest double for the bucket that has it, infinity above.
double UpperBound(std::int32_t index, int schema) noexcept;

/// The point of a bucket from which all its values are off by the same share at most: the harmonic mean of the bounds.
double BucketMiddle(std::int32_t index, int schema) noexcept;

/// That share: (base - 1) / (base + 1).
double SchemaError(int schema) noexcept;

/// The lowest schema whose error is not above `relative_error`, within the limits.
int SchemaForError(double relative_error) noexcept;

/// The lowest schema whose factor is not above `growth_factor`, within the limits.
int SchemaForFactor(double growth_factor) noexcept;

}  // namespace cachescope::client
