// Coding: integers to bytes and back, as the formats on disk want them: big endian, and variable-length as in Go's
// encoding/binary (seven bits a byte, signed numbers zigzagged). Pure, inline.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace cachescope {

inline constexpr std::size_t kMaxVarintBytes = 10;

inline void PutBe32(std::string* out, std::uint32_t v) {
  const char bytes[4] = {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
                         static_cast<char>(v)};
  out->append(bytes, sizeof bytes);
}

inline void PutBe64(std::string* out, std::uint64_t v) {
  PutBe32(out, static_cast<std::uint32_t>(v >> 32));
  PutBe32(out, static_cast<std::uint32_t>(v));
}

inline void PutUvarint(std::string* out, std::uint64_t v) {
  char bytes[kMaxVarintBytes];
  std::size_t size = 0;
  while (v >= 0x80) {
    bytes[size++] = static_cast<char>(v | 0x80);
    v >>= 7;
  }
  bytes[size++] = static_cast<char>(v);
  out->append(bytes, size);
}

inline void PutVarint(std::string* out, std::int64_t v) {
  PutUvarint(out, (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63));
}

// Length as uvarint, then the bytes.
inline void PutUvarintString(std::string* out, std::string_view text) {
  PutUvarint(out, text.size());
  out->append(text);
}

// Reads from the front of bytes it does not own. A read past the end or of a malformed number gives zero or an empty
// view and makes ok() false for good: check once, after a group of reads.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  explicit ByteReader(std::string_view bytes)
      : ByteReader(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())) {}

  bool ok() const noexcept { return ok_; }
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  bool empty() const noexcept { return at_ == end_; }
  const std::uint8_t* position() const noexcept { return at_; }

  std::uint8_t Byte() noexcept {
    if (at_ == end_) return Fail();
    return *at_++;
  }
  std::uint32_t Be32() noexcept {
    if (left() < 4) return Fail();
    const std::uint32_t v = static_cast<std::uint32_t>(at_[0]) << 24 | static_cast<std::uint32_t>(at_[1]) << 16 |
                            static_cast<std::uint32_t>(at_[2]) << 8 | at_[3];
    at_ += 4;
    return v;
  }
  std::uint64_t Be64() noexcept {
    const std::uint64_t high = Be32();
    return high << 32 | Be32();
  }
  std::uint64_t Uvarint() noexcept {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return Fail();
      const std::uint8_t byte = *at_++;
      if (shift == 63 && byte > 1) return Fail();  // more than 64 bits
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    return Fail();
  }
  std::int64_t Varint() noexcept {
    const std::uint64_t v = Uvarint();
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }
  std::span<const std::uint8_t> Bytes(std::uint64_t size) noexcept {
    if (size > left()) {
      Fail();
      return {};
    }
    const std::span<const std::uint8_t> out(at_, static_cast<std::size_t>(size));
    at_ += size;
    return out;
  }
  std::string_view Text(std::uint64_t size) noexcept {
    const auto bytes = Bytes(size);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  // As PutUvarintString writes it.
  std::string_view UvarintString() noexcept { return Text(Uvarint()); }
  void Skip(std::uint64_t size) noexcept { (void)Bytes(size); }

 private:
  std::uint8_t Fail() noexcept {
    ok_ = false;
    at_ = end_;
    return 0;
  }
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

}  // namespace cachescope
