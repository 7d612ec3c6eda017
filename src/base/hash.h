// 64-bit hashing of bytes (XXH3). Pure and thread-safe; the value is stable across runs but is not a format.
#pragma once

#include <cstdint>
#include <string_view>

namespace cachescope {

std::uint64_t Hash64(std::string_view bytes, std::uint64_t seed = 0) noexcept;

}  // namespace cachescope
