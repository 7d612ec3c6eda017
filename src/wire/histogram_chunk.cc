// One float histogram as a chunk of its own: header, layout and the first sample of the TSDB's float-histogram chunk.
// Chunks of several samples would save space; these are read once, by the peer that asked.
#include <bit>
#include <cmath>

#include "wire/remote_read.h"

namespace cachescope::wire {
namespace {

// Widths of the variable-bit integers; class i is announced by i + 1 ones and a zero, the last by eight ones.
constexpr int kWidths[] = {3, 6, 9, 12, 18, 25, 56, 64};
constexpr int kWidthCount = 8;

class BitWriter {
 public:
  explicit BitWriter(std::vector<std::uint8_t>* out) : out_(*out) {}

  // The low `count` bits of `value`, highest first.
  void Bits(std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      if (free_ == 0) {
        out_.push_back(0);
        free_ = 8;
      }
      --free_;
      out_.back() = static_cast<std::uint8_t>(out_.back() | (value >> i & 1) << free_);
    }
  }
  void Float(double value) { Bits(std::bit_cast<std::uint64_t>(value), 64); }
  void Int(std::int64_t value) {
    int kind = 0;
    while (kind < kWidthCount - 1 && !Fits(value, kWidths[kind])) ++kind;
    Class(value == 0, kind, static_cast<std::uint64_t>(value));
  }
  void Uint(std::uint64_t value) {
    int kind = 0;
    while (kind < kWidthCount - 1 && std::bit_width(value) > static_cast<unsigned>(kWidths[kind])) ++kind;
    Class(value == 0, kind, value);
  }

 private:
  static bool Fits(std::int64_t value, int width) {
    return value >= -((std::int64_t{1} << (width - 1)) - 1) && value <= std::int64_t{1} << (width - 1);
  }
  void Class(bool zero, int kind, std::uint64_t value) {
    if (zero) return Bits(0, 1);
    const int ones = kind + 1;
    if (kind == kWidthCount - 1) {
      Bits(0xff, 8);
    } else {
      Bits((std::uint64_t{1} << (ones + 1)) - 2, ones + 1);
    }
    Bits(value, kWidths[kind]);
  }

  std::vector<std::uint8_t>& out_;
  int free_ = 0;  // unused low bits of the last byte
};

void PutZeroThreshold(BitWriter* bits, double threshold) {
  if (threshold == 0) return bits->Bits(0, 8);
  // Powers of two from 2^-243 to 2^10 take one byte.
  int exponent = 0;
  const double fraction = std::frexp(threshold, &exponent);
  if (fraction == 0.5 && exponent >= -242 && exponent <= 11) {
    return bits->Bits(static_cast<std::uint64_t>(exponent + 243), 8);
  }
  bits->Bits(255, 8);
  bits->Float(threshold);
}

void PutSpans(BitWriter* bits, const std::vector<BucketSpan>& spans) {
  bits->Uint(spans.size());
  for (const BucketSpan& span : spans) {
    bits->Uint(span.length);
    bits->Int(span.offset);
  }
}

void PutCustomBound(BitWriter* bits, double bound) {
  // Whole thousandths up to what four bytes hold are numbers, the rest floats.
  const double thousandths = bound * 1000;
  const bool whole = std::round(thousandths) / 1000 == bound;
  if (thousandths < 0 || thousandths > 33'554'430 || !whole) {
    bits->Bits(0, 1);
    return bits->Float(bound);
  }
  bits->Uint(static_cast<std::uint64_t>(std::round(thousandths)) + 1);
}

std::uint8_t ResetFlag(CounterResetHint hint) {
  switch (hint) {
    case CounterResetHint::kReset:
      return 0x80;
    case CounterResetHint::kNotReset:
      return 0x40;
    case CounterResetHint::kGauge:
      return 0xc0;
    case CounterResetHint::kUnknown:
      break;
  }
  return 0;
}

}  // namespace

void AppendFloatHistogramChunk(std::vector<std::uint8_t>* out, TimestampMs t, const FloatHistogram& h) {
  out->insert(out->end(), {0, 1, ResetFlag(h.reset_hint)});
  BitWriter bits(out);
  PutZeroThreshold(&bits, h.zero_threshold);
  bits.Int(h.schema);
  PutSpans(&bits, h.positive_spans);
  PutSpans(&bits, h.negative_spans);
  if (h.uses_custom_buckets()) {
    bits.Uint(h.custom_values.size());
    for (const double bound : h.custom_values) PutCustomBound(&bits, bound);
  }
  bits.Int(t);
  bits.Float(h.count);
  bits.Float(h.zero_count);
  bits.Float(h.sum);
  for (const double count : h.positive_buckets) bits.Float(count);
  for (const double count : h.negative_buckets) bits.Float(count);
}

}  // namespace cachescope::wire
