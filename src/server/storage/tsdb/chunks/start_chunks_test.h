// Writers of the chunks with start times, straight from the format pages; the program itself only reads them. For tests
// and fuzz targets.
#pragma once

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "server/storage/tsdb/chunks/histogram_layout.h"

namespace cachescope::tsdb {

struct StartedSample {
  TimestampMs start = 0;
  TimestampMs t = 0;
  double value = 0;
};

inline void WriteBytesOf(std::uint64_t value, BitOutput* out) {
  for (; value >= 0x80; value >>= 7) out->Write((value & 0x7f) | 0x80, 8);
  out->Write(value, 8);
}
inline void WriteZigzag(std::int64_t value, BitOutput* out) {
  WriteBytesOf(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63), out);
}

// The start times of one chunk; `header` is to become its byte.
class StartsWriter {
 public:
  void Write(std::size_t index, TimestampMs start, TimestampMs t, TimestampMs previous, BitOutput* out) {
    if (index == 0) {
      if (start != 0) {
        WriteZigzag(t - start, out);
        header = 0x80;
      }
    } else if ((header & 0x7f) != 0 || start != last_ || index == 127) {
      const TimestampMs distance = previous - start;
      const bool first = (header & 0x7f) == 0;
      if (first) header = static_cast<std::uint8_t>(header | index);
      out->WriteVarbitInt(first ? distance : distance - distance_);
      distance_ = distance;
    }
    last_ = start;
  }
  std::uint8_t header = 0;

 private:
  TimestampMs last_ = 0;
  TimestampMs distance_ = 0;
};

class Xor2Writer {
 public:
  void Append(const StartedSample& sample) {
    const auto bits = std::bit_cast<std::uint64_t>(sample.value);
    const auto delta = static_cast<std::uint64_t>(sample.t) - static_cast<std::uint64_t>(t_);
    if (count_ == 0) {
      WriteZigzag(sample.t, &out_);
      out_.Write(bits, 64);
    } else if (count_ == 1) {
      WriteBytesOf(delta, &out_);
      WriteValue(bits);
      delta_ = delta;
    } else {
      WriteNext(static_cast<std::int64_t>(delta - delta_), bits);
      delta_ = delta;
    }
    starts_.Write(count_, sample.start, sample.t, t_, &out_);
    if (bits != kStaleNanBits) baseline_ = bits;
    t_ = sample.t;
    ++count_;
  }
  std::vector<std::uint8_t> Bytes() const {
    std::vector<std::uint8_t> out = {static_cast<std::uint8_t>(count_ >> 8), static_cast<std::uint8_t>(count_),
                                     starts_.header};
    out.insert(out.end(), body_.begin(), body_.end());
    return out;
  }

 private:
  static bool Fits(std::int64_t value, unsigned bits) {
    const std::int64_t limit = std::int64_t{1} << (bits - 1);
    return value >= -limit && value < limit;
  }
  void WriteNext(std::int64_t pace, std::uint64_t bits) {
    if (pace == 0 && bits == kStaleNanBits) {
      out_.Write(0b11111, 5);
    } else if (pace == 0 && bits == baseline_) {
      out_.Write(0, 1);
    } else if (pace == 0) {
      out_.Write(0b10, 2);
      WriteWindow(bits ^ baseline_, 0, 1, 1);
    } else {
      const auto raw = static_cast<std::uint64_t>(pace);
      if (Fits(pace, 13)) {
        out_.Write(0b110, 3);
        out_.Write(raw & 0x1fff, 13);
      } else if (Fits(pace, 20)) {
        out_.Write(0b1110, 4);
        out_.Write(raw & 0xfffff, 20);
      } else {
        out_.Write(0b11110, 5);
        out_.Write(raw, 64);
      }
      WriteValue(bits);
    }
  }
  void WriteValue(std::uint64_t bits) {
    if (bits == kStaleNanBits) {
      out_.Write(0b111, 3);
    } else if (bits == baseline_) {
      out_.Write(0, 1);
    } else {
      WriteWindow(bits ^ baseline_, 0b10, 0b110, 2);
    }
  }
  // With the prefix of a window that is known, `bits` long, or of one that follows; the latter is one bit longer where
  // it begins like the former.
  void WriteWindow(std::uint64_t diff, unsigned known, unsigned fresh, unsigned bits) {
    const auto leading = std::min(31U, static_cast<unsigned>(std::countl_zero(diff)));
    const auto trailing = static_cast<unsigned>(std::countr_zero(diff));
    if (has_window_ && leading >= leading_ && trailing >= trailing_) {
      out_.Write(known, bits);
      out_.Write(diff >> trailing_, 64 - leading_ - trailing_);
      return;
    }
    has_window_ = true;
    leading_ = leading;
    trailing_ = trailing;
    const unsigned width = 64 - leading - trailing;
    out_.Write(fresh, bits == 1 ? 1 : 3);
    out_.Write(leading, 5);
    out_.Write(width & 63, 6);
    out_.Write(diff >> trailing, width);
  }

  std::string body_;
  BitOutput out_{&body_};
  StartsWriter starts_;
  std::size_t count_ = 0;
  TimestampMs t_ = 0;
  std::uint64_t delta_ = 0;
  std::uint64_t baseline_ = 0;
  bool has_window_ = false;
  unsigned leading_ = 0;
  unsigned trailing_ = 0;
};

// Histograms of one layout with positive buckets only; the reset header is "not known".
inline std::vector<std::uint8_t> WriteHistogramStarts(const std::vector<storage::HistogramSample>& samples,
                                                      bool floats) {
  std::string body;
  BitOutput out(&body);
  StartsWriter starts;
  std::vector<XorColumn> xors(3 + samples.front().h->positive_buckets.size());
  std::vector<std::int64_t> last(xors.size()), change(xors.size());
  TimestampMs t = 0, t_change = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const FloatHistogram& h = *samples[i].h;
    if (i == 0) WriteLayout(h, &out);
    out.WriteVarbitInt(i == 0 ? samples[i].t : samples[i].t - t - t_change);
    const auto as_float = [&](std::size_t column, double value) {
      if (i > 0) return xors[column].Write(&out, value);
      xors[column].value = value;
      out.WriteDouble(value);
    };
    // A count, or the difference of a bucket to the one before it.
    const auto as_integer = [&](std::size_t column, std::int64_t value) {
      const std::int64_t fresh = value - last[column];
      if (i > 0) out.WriteVarbitInt(fresh - change[column]);
      if (i == 0) column < 2 ? out.WriteVarbitUint(static_cast<std::uint64_t>(value)) : out.WriteVarbitInt(value);
      change[column] = i == 0 ? 0 : fresh;
      last[column] = value;
    };
    floats ? as_float(0, h.count) : as_integer(0, static_cast<std::int64_t>(h.count));
    floats ? as_float(1, h.zero_count) : as_integer(1, static_cast<std::int64_t>(h.zero_count));
    as_float(2, h.sum);
    double before = 0;
    for (std::size_t k = 0; k < h.positive_buckets.size(); ++k) {
      const double bucket = h.positive_buckets[k];
      floats ? as_float(3 + k, bucket) : as_integer(3 + k, static_cast<std::int64_t>(bucket - before));
      before = bucket;
    }
    starts.Write(i, samples[i].start, samples[i].t, t, &out);
    t_change = i == 0 ? 0 : samples[i].t - t;
    t = samples[i].t;
  }
  std::vector<std::uint8_t> bytes = {static_cast<std::uint8_t>(samples.size() >> 8),
                                     static_cast<std::uint8_t>(samples.size()), starts.header};
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

}  // namespace cachescope::tsdb
