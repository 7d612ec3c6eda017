// Bits of a chunk, most significant first, with the variable-length numbers of the histogram chunks. The XOR chunk has
// a reader of its own, built for speed; this one checks every read.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>

namespace cachescope::tsdb {

// How much more a number takes: bits of payload by number of leading ones in its prefix.
inline constexpr unsigned kVarbitWidths[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};

class BitOutput {
 public:
  explicit BitOutput(std::string* out) : out_(out) {}

  // The low `count` bits. REQUIRES: count <= 64.
  void Write(std::uint64_t bits, unsigned count) {
    while (count > 0) {
      if (free_ == 0) {
        out_->push_back('\0');
        free_ = 8;
      }
      const unsigned take = count < free_ ? count : free_;
      const std::uint64_t part = (bits >> (count - take)) & ((1u << take) - 1u);
      out_->back() = static_cast<char>(static_cast<unsigned char>(out_->back()) | part << (free_ - take));
      free_ -= take;
      count -= take;
    }
  }
  void WriteDouble(double value) { Write(std::bit_cast<std::uint64_t>(value), 64); }
  void WriteVarbitUint(std::uint64_t value) {
    unsigned ones = 0;
    while (kVarbitWidths[ones] < 64 && value >> kVarbitWidths[ones] != 0) ++ones;
    WritePrefixed(ones, value);
  }
  void WriteVarbitInt(std::int64_t value) {
    unsigned ones = value == 0 ? 0 : 1;
    // Lopsided: one more on the positive side.
    while (ones > 0 && kVarbitWidths[ones] < 64 && !Fits(value, kVarbitWidths[ones])) ++ones;
    WritePrefixed(ones, static_cast<std::uint64_t>(value));
  }

 private:
  static bool Fits(std::int64_t value, unsigned bits) {
    const std::int64_t limit = std::int64_t{1} << (bits - 1);
    return value > -limit && value <= limit;
  }
  void WritePrefixed(unsigned ones, std::uint64_t value) {
    // The longest form has no closing zero.
    if (ones == 8) {
      Write(0xff, 8);
    } else {
      Write(((std::uint64_t{1} << ones) - 1) << 1, ones + 1);
    }
    Write(value, kVarbitWidths[ones]);
  }

  std::string* out_;
  unsigned free_ = 0;  // unused low bits of the last byte
};

// A read past the end gives zero and makes ok() false for good.
class BitInput {
 public:
  explicit BitInput(std::span<const std::uint8_t> bytes) : bytes_(bytes), end_(bytes.size() * 8) {}

  bool ok() const noexcept { return ok_; }
  std::size_t bits_left() const noexcept { return end_ - at_; }
  std::uint64_t Read(unsigned count) {
    if (count > end_ - at_) {
      ok_ = false;
      at_ = end_;
      return 0;
    }
    std::uint64_t out = 0;
    while (count > 0) {
      const unsigned left = 8 - static_cast<unsigned>(at_ % 8);
      const unsigned take = count < left ? count : left;
      out = out << take | ((static_cast<std::uint64_t>(bytes_[at_ / 8]) >> (left - take)) & ((1u << take) - 1u));
      at_ += take;
      count -= take;
    }
    return out;
  }
  bool ReadBit() { return Read(1) != 0; }
  double ReadDouble() { return std::bit_cast<double>(Read(64)); }
  // Numbers of whole bytes, as Go's encoding/binary has them, at any bit. Zero and not ok() past 64 bits.
  std::uint64_t ReadUvarint() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = Read(8);
      if (shift == 63 && byte > 1) break;
      out |= (byte & 0x7f) << shift;
      if (byte < 0x80) return out;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t ReadVarint() {
    const std::uint64_t bits = ReadUvarint();
    return static_cast<std::int64_t>(bits >> 1 ^ (~(bits & 1) + 1));
  }
  std::uint64_t ReadVarbitUint() { return Read(kVarbitWidths[ReadPrefix()]); }
  std::int64_t ReadVarbitInt() {
    const unsigned width = kVarbitWidths[ReadPrefix()];
    std::uint64_t bits = Read(width);
    if (width > 0 && width < 64 && bits > std::uint64_t{1} << (width - 1)) bits -= std::uint64_t{1} << width;
    return static_cast<std::int64_t>(bits);
  }

 private:
  unsigned ReadPrefix() {
    unsigned ones = 0;
    while (ones < 8 && ReadBit()) ++ones;
    return ones;
  }
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::size_t end_;
  bool ok_ = true;
};

}  // namespace cachescope::tsdb
