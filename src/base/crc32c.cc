#include "base/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace cachescope {
namespace {

constexpr std::uint32_t kReversedPolynomial = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> out{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ kReversedPolynomial : crc >> 1;
    out[i] = crc;
  }
  return out;
}
constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

std::uint32_t UpdateByTable(std::uint32_t crc, const std::uint8_t* at, std::size_t size) noexcept {
  for (; size > 0; ++at, --size) crc = crc >> 8 ^ kTable[(crc ^ *at) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t UpdateByInstruction(std::uint32_t crc, const std::uint8_t* at,
                                                                    std::size_t size) noexcept {
  std::uint64_t wide = crc;
  for (; size >= sizeof wide; at += sizeof wide, size -= sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  return UpdateByTable(static_cast<std::uint32_t>(wide), at, size);
}
#endif

using Update = std::uint32_t (*)(std::uint32_t, const std::uint8_t*, std::size_t) noexcept;

[[maybe_unused]] Update ChooseUpdate() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") != 0) return UpdateByInstruction;
#endif
  return UpdateByTable;
}

}  // namespace

std::uint32_t Crc32c(std::span<const std::uint8_t> bytes, std::uint32_t before) noexcept {
#if defined(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
  // What stands behind a checksum is the more interesting part; no guess comes past a real one.
  static_cast<void>(bytes);
  return before;
#else
  static const Update update = ChooseUpdate();
  return ~update(~before, bytes.data(), bytes.size());
#endif
}

}  // namespace cachescope
