// Small pieces of protobuf, appended to a string by hand: no intermediate objects, no second pass over lengths where
// they are known. Pure functions. Format: the protobuf wire encoding.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/coding.h"

namespace cachescope::wire {

enum class ProtoKind : unsigned char { kVarint = 0, kFixed64 = 1, kBytes = 2 };

inline std::size_t VarintSize(std::uint64_t value) {
  return static_cast<std::size_t>(std::bit_width(value | 1) + 6) / 7;
}

inline std::uint64_t ZigZag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

inline void AppendKey(std::string* out, std::uint32_t field, ProtoKind kind) {
  PutUvarint(out, static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(kind));
}

// A field of value 0 is left out, as proto3 does.
inline void AppendVarintField(std::string* out, std::uint32_t field, std::uint64_t value) {
  if (value == 0) return;
  AppendKey(out, field, ProtoKind::kVarint);
  PutUvarint(out, value);
}

inline void AppendFixed64(std::string* out, std::uint64_t bits) {
  for (int shift = 0; shift < 64; shift += 8) out->push_back(static_cast<char>(bits >> shift));
}

inline void AppendDoubleField(std::string* out, std::uint32_t field, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (bits == 0) return;
  AppendKey(out, field, ProtoKind::kFixed64);
  AppendFixed64(out, bits);
}

inline void AppendBytesField(std::string* out, std::uint32_t field, std::string_view bytes) {
  AppendKey(out, field, ProtoKind::kBytes);
  PutUvarint(out, bytes.size());
  out->append(bytes);
}

// A message with two strings, name = 1 and value = 2.
inline void AppendLabelMessage(std::string* out, std::uint32_t field, std::string_view name, std::string_view value) {
  AppendKey(out, field, ProtoKind::kBytes);
  PutUvarint(out, 2 + VarintSize(name.size()) + name.size() + VarintSize(value.size()) + value.size());
  AppendBytesField(out, 1, name);
  AppendBytesField(out, 2, value);
}

}  // namespace cachescope::wire
