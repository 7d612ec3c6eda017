// CRC-32 with the Castagnoli polynomial, as TSDB files and the frames of remote read use it. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cachescope {

// The checksum of `bytes` behind bytes whose checksum is `before` (0: none). Uses the processor's instruction where
// there is one, and then takes about 0.15 ns for a byte.
std::uint32_t Crc32c(std::span<const std::uint8_t> bytes, std::uint32_t before = 0) noexcept;

inline std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept {
  return Crc32c(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), before);
}

}  // namespace cachescope
