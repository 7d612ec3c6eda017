// The batch decoder of XOR chunks. It loads 64 bits at a time; the last bytes are decoded from a padded copy, so that
// the inner loop needs no check against the end and never reads outside the chunk.
#include <algorithm>
#include <array>
#include <cstring>

#include "server/storage/tsdb/chunk_xor.h"

namespace cachescope::tsdb {
namespace {

// Bytes a sample may touch: its longest form and one whole load behind it.
constexpr std::size_t kReach = 32;
constexpr std::size_t kBlock = 128;

std::uint64_t LoadBigEndian(const std::uint8_t* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

// The padded copy of the last bytes. It lives beside the reader, so that the reader itself can stay in registers.
using Tail = std::array<std::uint8_t, 2 * kReach>;

class BitReader {
 public:
  BitReader(std::span<const std::uint8_t> bytes, Tail* tail)
      : data_(bytes.data()), end_(bytes.size() * 8), tail_(tail) {}

  // To be called before each sample: afterwards kReach bytes can be read, possibly zeros behind the end.
  void Refill() {
    if (at_ / 8 + kReach <= end_ / 8 || tail_ == nullptr) return;
    const std::size_t skip = at_ / 8;
    const std::size_t rest = end_ / 8 - skip;
    std::copy_n(data_ + skip, rest, tail_->begin());
    data_ = tail_->data();
    at_ -= skip * 8;
    end_ = rest * 8;
    tail_ = nullptr;
  }
  bool past_end() const { return at_ > end_; }

  // The next bits, left-aligned; at least kPeekBits of them are valid.
  std::uint64_t Peek() const { return LoadBigEndian(data_ + at_ / 8) << (at_ % 8); }
  void Skip(unsigned count) { at_ += count; }
  // REQUIRES: 1 <= count <= 64.
  std::uint64_t Read(unsigned count) {
    std::uint64_t high = 0;
    if (count > kPeekBits) {
      high = Peek() >> 32 << (count - 32);
      at_ += 32;
      count -= 32;
    }
    const std::uint64_t low = Peek() >> (64 - count);
    at_ += count;
    return high | low;
  }
  // False when it is longer than 64 bits allow.
  bool ReadUvarint(std::uint64_t* out) {
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = Read(8);
      if (shift == 63 && byte > 1) return false;
      *out |= (byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  static constexpr unsigned kPeekBits = 57;

 private:
  const std::uint8_t* data_;
  std::size_t at_ = 0;  // bits from data_
  std::size_t end_;     // bits from data_
  Tail* tail_;          // null once it is in use
};

struct Cursor {
  std::uint64_t t = 0;  // two's complement, so that hostile sums wrap
  std::uint64_t delta = 0;
  std::uint64_t value = 0;
  unsigned leading = 0;
  unsigned trailing = 0;
};

// A delta of delta that is not zero.
inline std::uint64_t ReadDeltaOfDelta(BitReader* in) {
  const unsigned ones = static_cast<unsigned>(std::countl_one(in->Peek()));
  if (ones >= 4) {
    in->Skip(4);
    return in->Read(64);
  }
  static constexpr std::array<unsigned, 4> kWidths = {0, 14, 17, 20};
  const unsigned width = kWidths[ones];
  in->Skip(ones + 1);
  const std::uint64_t raw = in->Read(width);
  return raw > std::uint64_t{1} << (width - 1) ? raw - (std::uint64_t{1} << width) : raw;
}

// A value whose code stands `used` bits behind the reader, where `bits` begins. False when the bit fields contradict
// each other. One load serves the whole sample when it is short, as most are.
inline bool ReadValue(BitReader* in, std::uint64_t bits, unsigned used, Cursor* at) {
  if (bits >> 63 == 0) {
    in->Skip(used + 1);
    return true;
  }
  unsigned head = 2;
  if (bits >> 62 == 3) {
    head = 13;
    at->leading = static_cast<unsigned>(bits >> 57 & 31);
    unsigned fresh_width = static_cast<unsigned>(bits >> 51 & 63);
    if (fresh_width == 0) fresh_width = 64;
    if (at->leading + fresh_width > 64) return false;
    at->trailing = 64 - at->leading - fresh_width;
  }
  const unsigned width = 64 - at->leading - at->trailing;
  if (used + head + width <= BitReader::kPeekBits) {
    at->value ^= (bits << head >> (64 - width)) << at->trailing;
    in->Skip(used + head + width);
  } else {
    in->Skip(used + head);
    at->value ^= in->Read(width) << at->trailing;
  }
  return true;
}

// The third sample and all that follow.
inline bool ReadNext(BitReader* in, Cursor* at) {
  std::uint64_t bits = in->Peek();
  unsigned used = 0;
  if (bits >> 63 == 0) {
    used = 1;
    bits <<= 1;
  } else {
    at->delta += ReadDeltaOfDelta(in);
    bits = in->Peek();
  }
  at->t += at->delta;
  return ReadValue(in, bits, used, at);
}

inline bool ReadSample(BitReader* in, std::size_t index, Cursor* at) {
  if (index > 1) return ReadNext(in, at);
  std::uint64_t number;
  if (!in->ReadUvarint(&number)) return false;
  if (index == 0) {
    at->t = number >> 1 ^ (~(number & 1) + 1);
    at->value = in->Read(64);
    return true;
  }
  at->delta = number;
  at->t += number;
  return ReadValue(in, in->Peek(), 0, at);
}

// Collects samples on the stack and hands them over in blocks.
class Collector {
 public:
  explicit Collector(storage::SampleColumns* out) : out_(out) {}
  void Add(TimestampMs t, std::uint64_t value) {
    timestamps_[size_] = t;
    values_[size_] = std::bit_cast<double>(value);
    if (++size_ == kBlock) Flush();
  }
  void Flush() {
    out_->timestamps.insert(out_->timestamps.end(), timestamps_.data(), timestamps_.data() + size_);
    out_->values.insert(out_->values.end(), values_.data(), values_.data() + size_);
    size_ = 0;
  }

 private:
  storage::SampleColumns* out_;
  std::size_t size_ = 0;
  std::array<TimestampMs, kBlock> timestamps_;
  std::array<double, kBlock> values_;
};

}  // namespace

Status DecodeXor(std::span<const std::uint8_t> chunk, storage::SampleColumns* out, TimestampMs mint, TimestampMs maxt) {
  if (chunk.size() < kXorHeaderBytes) return Corruption("cannot decode xor chunk: header is cut off");
  const std::size_t count = XorSampleCount(chunk);
  Tail tail{};
  BitReader in(chunk.subspan(kXorHeaderBytes), &tail);
  Cursor at;
  Collector collector(out);
  const char* damage = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    in.Refill();
    const auto previous = static_cast<TimestampMs>(at.t);
    const bool sound = ReadSample(&in, i, &at);
    const auto t = static_cast<TimestampMs>(at.t);
    if (in.past_end()) {
      damage = "cannot decode xor chunk: data is cut off";
    } else if (!sound) {
      damage = "cannot decode xor chunk: impossible bit field";
    } else if (i > 0 && t <= previous) {
      damage = "cannot decode xor chunk: timestamps do not ascend";
    }
    if (damage != nullptr || t > maxt) break;
    if (t >= mint) collector.Add(t, at.value);
  }
  collector.Flush();
  return damage == nullptr ? Status() : Corruption(damage);
}

}  // namespace cachescope::tsdb
