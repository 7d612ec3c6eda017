// Numbers of the packed chunk that its writer and its reader share, and the writer of its bytes.
// Format: docs/format/chunk_packed.md. Internal to this folder.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cachescope::tsdb::packed {

// First byte of a chunk: version in the low half, features in the high half.
inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::uint8_t kVersionMask = 0x0f;
inline constexpr std::uint8_t kHasStarts = 0x10;     // a column of start times
inline constexpr std::uint8_t kHasReference = 0x20;  // times are those of another chunk
inline constexpr std::uint8_t kIsDifference = 0x40;  // values are counted from those of that chunk
inline constexpr std::uint8_t kUnknownFeature = 0x80;

// Most samples of one chunk: two working columns of that many numbers (64 KiB) still sit in the cache of a core.
inline constexpr std::size_t kMostSamples = 4096;

// How doubles became whole numbers: first byte of the values.
enum class Transform : std::uint8_t { kDecimal = 0, kOrdered = 1, kDictionary = 2 };
inline constexpr std::uint8_t kTransformMask = 0x03;
inline constexpr unsigned kDecimalsShift = 2;  // five bits
inline constexpr std::uint8_t kDecimalsMask = 0x7c;
inline constexpr std::uint8_t kHasExceptions = 0x80;
inline constexpr unsigned kMostDecimals = 18;
inline constexpr std::size_t kMostWords = 256;  // of a dictionary

// First byte of a column of whole numbers.
enum class Predictor : std::uint8_t { kNone = 0, kDelta = 1, kDeltaOfDelta = 2, kLine = 3 };
enum class Coder : std::uint8_t { kConstant = 0, kPacked = 1, kPrefix = 2, kSparse = 3 };
inline constexpr std::uint8_t kPredictorMask = 0x03;
inline constexpr unsigned kCoderShift = 2;
inline constexpr std::uint8_t kCoderMask = 0x0c;
inline constexpr std::uint8_t kHasScale = 0x10;
inline constexpr std::uint8_t kHasPatches = 0x20;
inline constexpr std::uint8_t kUnknownColumnBits = 0xc0;

// Prefix codes.
inline constexpr std::size_t kMostSymbols = 32;
inline constexpr unsigned kMostCodeBits = 8;
inline constexpr std::size_t kLanes = 4;

// Bytes a kernel may read behind the last bit of what it unpacks, and entries it may write behind the last one.
inline constexpr std::size_t kReadSlack = 32;
inline constexpr std::size_t kWriteSlack = 16;

// Powers of ten that a double holds exactly.
inline constexpr std::array<double, kMostDecimals + 1> kPowersOfTen = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
// Whole numbers below it are doubles without rounding: 2^53.
inline constexpr double kMostWhole = 9007199254740992.0;
// 1.5 * 2^52. Added to a double below a third of it either way, it leaves that, rounded to the nearest whole number
// (ties to even), in the lowest bits of the sum.
inline constexpr double kRounding = 6755399441055744.0;

// The bits of a double as a number whose order is that of the values (and back: it is its own inverse).
inline std::uint64_t OrderedBits(std::uint64_t bits) noexcept {
  return bits ^ (static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> 63) >> 1);
}

inline std::uint64_t Zigzag(std::uint64_t v) noexcept {
  return v << 1 ^ static_cast<std::uint64_t>(static_cast<std::int64_t>(v) >> 63);
}

inline void PutByte(std::vector<std::uint8_t>* out, unsigned v) { out->push_back(static_cast<std::uint8_t>(v)); }

inline void PutUvarint(std::vector<std::uint8_t>* out, std::uint64_t v) {
  for (; v >= 0x80; v >>= 7) out->push_back(static_cast<std::uint8_t>(v | 0x80));
  out->push_back(static_cast<std::uint8_t>(v));
}

inline void PutVarint(std::vector<std::uint8_t>* out, std::uint64_t v) { PutUvarint(out, Zigzag(v)); }

inline std::size_t UvarintBytes(std::uint64_t v) noexcept {
  return (static_cast<std::size_t>(std::bit_width(v | 1)) + 6) / 7;
}
inline std::size_t VarintBytes(std::uint64_t v) noexcept { return UvarintBytes(Zigzag(v)); }

}  // namespace cachescope::tsdb::packed
