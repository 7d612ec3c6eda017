// ProtoWriter: appends protobuf messages to a string, field by field, without intermediate objects. Nothing is left
// out: a caller that wants proto3's silence about zeros does not call. Not thread-safe; may throw std::bad_alloc.
// Format: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace cachescope::client {

/// The longest varint.
inline constexpr std::size_t kMaxVarint = 10;

/// Writes at `at`, which must have room for kMaxVarint bytes, and returns the end.
inline char* WriteVarint(char* at, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

/// Eight bytes, least significant first.
inline char* WriteFixed64(char* at, std::uint64_t value) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(at, &value, sizeof value);
    return at + sizeof value;
  }
  for (int shift = 0; shift < 64; shift += 8) *at++ = static_cast<char>(value >> shift);
  return at;
}

inline std::size_t VarintSize(std::uint64_t value) noexcept {
  return static_cast<std::size_t>(std::bit_width(value | 1) + 6) / 7;
}

/// Small numbers of either sign become small numbers: 0, -1, 1, -2 are 0, 1, 2, 3. For sint32 and sint64.
inline std::uint64_t ZigZag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

class ProtoWriter {
 public:
  /// Where an open message began; for End().
  struct Open {
    std::size_t start = 0;
  };

  /// Appends to `out`, which must outlive the writer.
  explicit ProtoWriter(std::string* out) noexcept : out_(out) {}

  /// uint32, uint64, bool, enum.
  void Uint(std::uint32_t field, std::uint64_t value);
  /// int32, int64: a negative value takes ten bytes.
  void Int(std::uint32_t field, std::int64_t value) { Uint(field, static_cast<std::uint64_t>(value)); }
  /// sint32, sint64.
  void Sint(std::uint32_t field, std::int64_t value) { Uint(field, ZigZag(value)); }
  void Double(std::uint32_t field, double value) { Fixed64(field, std::bit_cast<std::uint64_t>(value)); }
  /// fixed64, sfixed64.
  void Fixed64(std::uint32_t field, std::uint64_t value);
  /// string, bytes, or a message made elsewhere.
  void Bytes(std::uint32_t field, std::string_view value);

  /// Packed repeated fields; nothing when empty.
  void PackedUints(std::uint32_t field, std::span<const std::uint64_t> values);
  void PackedFixed64(std::uint32_t field, std::span<const std::uint64_t> values);
  void PackedDoubles(std::uint32_t field, std::span<const double> values);

  /// Opens a message field; what is written until End() is inside. Messages nest. The length is put in at End(): one of
  /// 128 bytes or more is moved by a byte or some once, which costs less than measuring it in advance.
  Open Begin(std::uint32_t field);
  /// Opens a message that stands alone behind its length, as in delimited streams.
  Open BeginDelimited();
  void End(Open open);

  std::string* out() const noexcept { return out_; }

 private:
  void Varint(std::uint64_t value);
  void Key(std::uint32_t field, std::uint32_t wire_type) { Varint(std::uint64_t{field} << 3 | wire_type); }

  std::string* out_;
};

}  // namespace cachescope::client
