#include "server/storage/tsdb/chunk_xor.h"

#include <cassert>

namespace cachescope::tsdb {
namespace {

constexpr unsigned kMaxLeading = 31;  // five bits
constexpr unsigned kLeadingBits = 5;
constexpr unsigned kWidthBits = 6;

// Appends bits, most significant first, to a byte string whose last byte has `free` unused low bits.
class BitWriter {
 public:
  BitWriter(std::uint8_t* data, std::size_t size, unsigned free) : at_(data + size), free_(free) {}

  // The low `count` bits of `bits`. REQUIRES: count <= 64; bits above `count` are zero.
  void Write(std::uint64_t bits, unsigned count) {
    while (count > 0) {
      if (free_ == 0) {
        *at_++ = 0;
        free_ = 8;
      }
      const unsigned take = count < free_ ? count : free_;
      const std::uint64_t part = (bits >> (count - take)) & ((1u << take) - 1u);
      at_[-1] = static_cast<std::uint8_t>(at_[-1] | part << (free_ - take));
      free_ -= take;
      count -= take;
    }
  }
  // REQUIRES: at a byte boundary.
  void WriteUvarint(std::uint64_t value) {
    while (value >= 0x80) {
      *at_++ = static_cast<std::uint8_t>(value | 0x80);
      value >>= 7;
    }
    *at_++ = static_cast<std::uint8_t>(value);
  }
  std::uint8_t* at() const { return at_; }
  std::uint8_t free() const { return static_cast<std::uint8_t>(free_); }

 private:
  std::uint8_t* at_;
  unsigned free_;
};

constexpr std::uint64_t LowBits(std::uint64_t value, unsigned count) {
  return count == 64 ? value : value & ((std::uint64_t{1} << count) - 1);
}

// The ranges are lopsided: one more on the positive side than on the negative one.
constexpr bool Fits(std::int64_t value, unsigned bits) {
  const std::int64_t limit = std::int64_t{1} << (bits - 1);
  return value > -limit && value <= limit;
}

void WriteDeltaOfDelta(BitWriter* out, std::uint64_t change) {
  const auto dod = static_cast<std::int64_t>(change);
  if (dod == 0) {
    out->Write(0, 1);
  } else if (Fits(dod, 14)) {
    out->Write(0b10u << 14 | LowBits(change, 14), 16);
  } else if (Fits(dod, 17)) {
    out->Write(0b110u << 17 | LowBits(change, 17), 20);
  } else if (Fits(dod, 20)) {
    out->Write(0b1110u << 20 | LowBits(change, 20), 24);
  } else {
    out->Write(0b1111, 4);
    out->Write(change, 64);
  }
}

void WriteValue(BitWriter* out, XorState* state, std::uint64_t value_bits) {
  const std::uint64_t diff = value_bits ^ state->value_bits;
  if (diff == 0) {
    out->Write(0, 1);
    return;
  }
  unsigned leading = static_cast<unsigned>(std::countl_zero(diff));
  const unsigned trailing = static_cast<unsigned>(std::countr_zero(diff));
  if (leading > kMaxLeading) leading = kMaxLeading;
  if (state->leading != XorState::kNoWindow && leading >= state->leading && trailing >= state->trailing) {
    out->Write(0b10, 2);
    out->Write(diff >> state->trailing, 64u - state->leading - state->trailing);
    return;
  }
  state->leading = static_cast<std::uint8_t>(leading);
  state->trailing = static_cast<std::uint8_t>(trailing);
  const unsigned width = 64 - leading - trailing;
  // A width of 64 does not fit into six bits and is written as 0, which cannot occur otherwise.
  out->Write(0b11u << (kLeadingBits + kWidthBits) | leading << kWidthBits | (width & 63u),
             2 + kLeadingBits + kWidthBits);
  out->Write(diff >> trailing, width);
}

}  // namespace

std::size_t StartXor(std::uint8_t* data, XorState* state) noexcept {
  data[0] = 0;
  data[1] = 0;
  *state = XorState{};
  return kXorHeaderBytes;
}

std::size_t AppendXor(std::uint8_t* data, std::size_t size, XorState* state, TimestampMs t,
                      std::uint64_t value_bits) noexcept {
  const unsigned count = static_cast<unsigned>(data[0] << 8 | data[1]);
  assert(count < kXorMaxSamples && (count == 0 || t > state->t));
  BitWriter out(data, size, state->free_bits);
  // Differences of any two timestamps fit when taken modulo 2^64.
  const std::uint64_t delta = static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(state->t);
  if (count == 0) {
    const auto bits = static_cast<std::uint64_t>(t);
    out.WriteUvarint(bits << 1 ^ (t < 0 ? ~std::uint64_t{0} : 0));
    out.Write(value_bits, 64);
    state->delta = 0;
  } else {
    if (count == 1) {
      out.WriteUvarint(delta);
    } else {
      WriteDeltaOfDelta(&out, delta - state->delta);
    }
    WriteValue(&out, state, value_bits);
    state->delta = delta;
  }
  state->t = t;
  state->value_bits = value_bits;
  state->free_bits = out.free();
  data[0] = static_cast<std::uint8_t>((count + 1) >> 8);
  data[1] = static_cast<std::uint8_t>(count + 1);
  return static_cast<std::size_t>(out.at() - data);
}

bool XorWriter::Append(TimestampMs t, double v) {
  const std::size_t count = sample_count();
  if (count >= kXorMaxSamples || (count > 0 && t <= state_.t)) return false;
  const std::size_t size = bytes_.size();
  bytes_.resize(size + kXorMaxSampleBytes);
  bytes_.resize(AppendXor(bytes_.data(), size, &state_, t, std::bit_cast<std::uint64_t>(v)));
  return true;
}

}  // namespace cachescope::tsdb
