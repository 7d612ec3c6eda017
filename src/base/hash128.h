// 128-bit hashing of bytes (XXH3), wide enough to stand for the bytes themselves where nobody knows the seed. Pure and
// thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace cachescope {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

Hash128 HashBytes128(std::string_view bytes, std::uint64_t seed) noexcept;

}  // namespace cachescope
