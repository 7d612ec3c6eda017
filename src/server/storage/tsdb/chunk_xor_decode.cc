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

class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes) : data_(bytes.data()), end_(bytes.size() * 8) { Refill(); }

  // To be called before each sample: afterwards kReach bytes can be read, possibly zeros behind the end.
  void Refill() {
    if (padded_ || at_ / 8 + kReach <= end_ / 8) return;
    const std::size_t skip = at_ / 8;
    const std::size_t rest = end_ / 8 - skip;
    std::copy_n(data_ + skip, rest, tail_.begin());
    data_ = tail_.data();
    at_ -= skip * 8;
    end_ = rest * 8;
    padded_ = true;
  }
  bool past_end() const { return at_ > end_; }

  // The next bits, left-aligned; at least 57 of them are valid.
  std::uint64_t Peek() const { return LoadBigEndian(data_ + at_ / 8) << (at_ % 8); }
  void Skip(unsigned count) { at_ += count; }
  // REQUIRES: 1 <= count <= 64.
  std::uint64_t Read(unsigned count) {
    if (count <= 57) {
      const std::uint64_t out = Peek() >> (64 - count);
      at_ += count;
      return out;
    }
    const std::uint64_t high = Read(32);
    return high << (count - 32) | Read(count - 32);
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

 private:
  const std::uint8_t* data_;
  std::size_t at_ = 0;  // bits from data_
  std::size_t end_;     // bits from data_
  bool padded_ = false;
  std::array<std::uint8_t, 2 * kReach> tail_{};
};

struct Cursor {
  std::uint64_t t = 0;  // two's complement, so that hostile sums wrap
  std::uint64_t delta = 0;
  std::uint64_t value = 0;
  unsigned leading = 0;
  unsigned trailing = 0;
};

std::uint64_t ReadDeltaOfDelta(BitReader* in) {
  const unsigned ones = static_cast<unsigned>(std::countl_one(in->Peek()));
  if (ones == 0) {
    in->Skip(1);
    return 0;
  }
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

// False when the bit fields contradict each other.
bool ReadValue(BitReader* in, Cursor* at) {
  const std::uint64_t head = in->Peek();
  if (head >> 63 == 0) {
    in->Skip(1);
    return true;
  }
  if ((head >> 62 & 1) == 0) {
    in->Skip(2);
  } else {
    at->leading = static_cast<unsigned>(head >> 57 & 31);
    unsigned width = static_cast<unsigned>(head >> 51 & 63);
    if (width == 0) width = 64;
    if (at->leading + width > 64) return false;
    at->trailing = 64 - at->leading - width;
    in->Skip(13);
  }
  at->value ^= in->Read(64 - at->leading - at->trailing) << at->trailing;
  return true;
}

bool ReadSample(BitReader* in, std::size_t index, Cursor* at) {
  if (index > 1) {
    at->delta += ReadDeltaOfDelta(in);
    at->t += at->delta;
    return ReadValue(in, at);
  }
  std::uint64_t number;
  if (!in->ReadUvarint(&number)) return false;
  if (index == 0) {
    at->t = number >> 1 ^ (~(number & 1) + 1);
    at->value = in->Read(64);
    return true;
  }
  at->delta = number;
  at->t += number;
  return ReadValue(in, at);
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
  BitReader in(chunk.subspan(kXorHeaderBytes));
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
