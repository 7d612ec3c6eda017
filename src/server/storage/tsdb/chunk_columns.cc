#include "server/storage/tsdb/chunk_columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace cachescope::tsdb {
namespace {

static_assert(std::endian::native == std::endian::little, "loads and stores below are little endian");

constexpr std::array<double, 4> kPowers = {1, 10, 100, 1000};
constexpr double kMostWhole = 9007199254740992.0;  // 2^53
constexpr std::size_t kPadding = 8;
// Wider entries do not fit into one load at every bit position.
constexpr unsigned kMostWidth = 56;

struct Header {
  std::size_t count = 0;
  unsigned decimals = 0;
  unsigned time_width = 0;
  unsigned value_width = 0;
  std::int64_t first_time = 0;
  std::int32_t distance = 0;
  std::int32_t least_deviation = 0;
  std::int64_t first_value = 0;
  std::int64_t least_difference = 0;

  static constexpr std::size_t kBytes = 5 + 8 + 4 + 4 + 8 + 8;
  std::size_t time_bits() const { return count * time_width; }
  std::size_t value_bits() const { return (count - 1) * value_width; }
  std::size_t total_bytes() const { return kBytes + (time_bits() + 7) / 8 + (value_bits() + 7) / 8 + kPadding; }
};

void StoreHeader(const Header& h, std::uint8_t* to) {
  *to++ = static_cast<std::uint8_t>(0x80 | h.count >> 8);
  *to++ = static_cast<std::uint8_t>(h.count & 255);
  *to++ = static_cast<std::uint8_t>(h.decimals);
  *to++ = static_cast<std::uint8_t>(h.time_width);
  *to++ = static_cast<std::uint8_t>(h.value_width);
  const auto store = [&](const auto& v) {
    std::memcpy(to, &v, sizeof v);
    to += sizeof v;
  };
  store(h.first_time);
  store(h.distance);
  store(h.least_deviation);
  store(h.first_value);
  store(h.least_difference);
}

Header LoadHeader(const std::uint8_t* from) {
  Header h;
  h.count = static_cast<std::size_t>((from[0] & 0x7f) << 8 | from[1]);
  h.decimals = from[2];
  h.time_width = from[3];
  h.value_width = from[4];
  from += 5;
  const auto load = [&](auto* v) {
    std::memcpy(v, from, sizeof *v);
    from += sizeof *v;
  };
  load(&h.first_time);
  load(&h.distance);
  load(&h.least_deviation);
  load(&h.first_value);
  load(&h.least_difference);
  return h;
}

// The values as whole numbers of 10^-decimals, when each comes back bit for bit.
bool Whole(const std::vector<double>& values, double power, std::vector<std::int64_t>* out) {
  out->clear();
  for (const double v : values) {
    const double scaled = std::nearbyint(v * power);
    if (!(std::fabs(scaled) < kMostWhole)) return false;
    const auto n = static_cast<std::int64_t>(scaled);
    if (std::bit_cast<std::uint64_t>(static_cast<double>(n) / power) != std::bit_cast<std::uint64_t>(v)) return false;
    out->push_back(n);
  }
  return true;
}

unsigned WidthOf(std::int64_t least, std::int64_t most) {
  return static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least)));
}

bool PlanTimes(const std::vector<TimestampMs>& t, Header* h) {
  h->first_time = t[0];
  std::int64_t distance = 0;
  if (__builtin_sub_overflow(t[1], t[0], &distance) || distance > std::numeric_limits<std::int32_t>::max()) {
    return false;
  }
  h->distance = static_cast<std::int32_t>(distance);
  std::int64_t least = 0;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    std::int64_t since = 0;
    if (__builtin_sub_overflow(t[i], t[0], &since)) return false;
    const std::int64_t deviation = since - static_cast<std::int64_t>(i) * distance;
    least = std::min(least, deviation);
    most = std::max(most, deviation);
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (least < -kMost || most > kMost) return false;
  h->least_deviation = static_cast<std::int32_t>(least);
  h->time_width = WidthOf(least, most);
  return true;
}

void PlanValues(const std::vector<std::int64_t>& n, Header* h) {
  std::int64_t least = n[1] - n[0];
  std::int64_t most = least;
  for (std::size_t i = 2; i < n.size(); ++i) {
    least = std::min(least, n[i] - n[i - 1]);
    most = std::max(most, n[i] - n[i - 1]);
  }
  h->first_value = n[0];
  h->least_difference = least;
  h->value_width = WidthOf(least, most);
}

// Puts entries of `width` bits one behind the other into zeroed bytes; `kPadding` bytes behind the end are writable.
class Packer {
 public:
  Packer(std::uint8_t* to, unsigned width) : to_(to), width_(width) {}
  void Add(std::uint64_t entry) {
    std::uint64_t word;
    std::memcpy(&word, to_ + at_ / 8, sizeof word);
    word |= entry << (at_ % 8);
    std::memcpy(to_ + at_ / 8, &word, sizeof word);
    at_ += width_;
  }

 private:
  std::uint8_t* to_;
  unsigned width_;
  std::size_t at_ = 0;
};

// Chunks that nobody encoded may say anything; their sums wrap.
std::int64_t Sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

class Unpacker {
 public:
  Unpacker(const std::uint8_t* from, unsigned width)
      : from_(from), width_(width), mask_((std::uint64_t{1} << width) - 1) {}
  std::int64_t At(std::size_t index) const {
    std::uint64_t word;
    const std::size_t bit = index * width_;
    std::memcpy(&word, from_ + bit / 8, sizeof word);
    return static_cast<std::int64_t>(word >> (bit % 8) & mask_);
  }

 private:
  const std::uint8_t* from_;
  unsigned width_;
  std::uint64_t mask_;
};

void DecodeTimes(const Header& h, const std::uint8_t* from, TimestampMs* to) {
  std::int64_t t = Sum(h.first_time, h.least_deviation);
  if (h.time_width == 0) {
    for (std::size_t i = 0; i < h.count; ++i, t = Sum(t, h.distance)) to[i] = t;
    return;
  }
  const Unpacker deviations(from, h.time_width);
  for (std::size_t i = 0; i < h.count; ++i, t = Sum(t, h.distance)) to[i] = Sum(t, deviations.At(i));
}

template <bool kWhole>
void DecodeValues(const Header& h, const std::uint8_t* from, double* to) {
  const double power = kPowers[h.decimals];
  const auto value = [power](std::int64_t n) {
    return kWhole ? static_cast<double>(n) : static_cast<double>(n) / power;
  };
  std::int64_t n = h.first_value;
  to[0] = value(n);
  const Unpacker differences(from, h.value_width);
  for (std::size_t i = 1; i < h.count; ++i) {
    n = Sum(n, Sum(h.least_difference, differences.At(i - 1)));
    to[i] = value(n);
  }
}

}  // namespace

bool EncodeColumns(const storage::SampleColumns& samples, std::size_t most, std::vector<std::uint8_t>* out) {
  const std::size_t count = samples.timestamps.size();
  if (count < 2 || count > kColumnsMaxSamples || count != samples.values.size()) return false;
  Header h;
  h.count = count;
  if (!PlanTimes(samples.timestamps, &h)) return false;
  thread_local std::vector<std::int64_t> n;
  while (!Whole(samples.values, kPowers[h.decimals], &n)) {
    if (++h.decimals == kPowers.size()) return false;
  }
  PlanValues(n, &h);
  if (h.value_width > kMostWidth || h.total_bytes() > most) return false;
  out->assign(h.total_bytes(), 0);
  StoreHeader(h, out->data());
  Packer times(out->data() + Header::kBytes, h.time_width);
  for (std::size_t i = 0; i < count && h.time_width > 0; ++i) {
    const std::int64_t deviation =
        samples.timestamps[i] - h.first_time - static_cast<std::int64_t>(i) * h.distance - h.least_deviation;
    times.Add(static_cast<std::uint64_t>(deviation));
  }
  Packer values(out->data() + Header::kBytes + (h.time_bits() + 7) / 8, h.value_width);
  for (std::size_t i = 1; i < count && h.value_width > 0; ++i) {
    values.Add(static_cast<std::uint64_t>(n[i] - n[i - 1] - h.least_difference));
  }
  return true;
}

Status DecodeColumns(std::span<const std::uint8_t> chunk, storage::SampleColumns* out, TimestampMs mint,
                     TimestampMs maxt) {
  if (chunk.size() < Header::kBytes) return Corruption("cannot decode chunk of columns: header is cut off");
  const Header h = LoadHeader(chunk.data());
  if (h.count < 2 || h.decimals >= kPowers.size() || h.time_width > kMostWidth || h.value_width > kMostWidth ||
      chunk.size() < h.total_bytes()) {
    return Corruption("cannot decode chunk of columns: data is cut off");
  }
  const std::size_t before = out->timestamps.size();
  out->timestamps.resize(before + h.count);
  out->values.resize(before + h.count);
  TimestampMs* const t = out->timestamps.data() + before;
  double* const v = out->values.data() + before;
  const std::uint8_t* const data = chunk.data() + Header::kBytes;
  DecodeTimes(h, data, t);
  if (h.decimals == 0) {
    DecodeValues<true>(h, data + (h.time_bits() + 7) / 8, v);
  } else {
    DecodeValues<false>(h, data + (h.time_bits() + 7) / 8, v);
  }
  // Most chunks are wanted whole.
  const std::size_t end =
      t[h.count - 1] <= maxt ? h.count : static_cast<std::size_t>(std::upper_bound(t, t + h.count, maxt) - t);
  const std::size_t begin =
      t[0] >= mint ? 0 : std::min(end, static_cast<std::size_t>(std::lower_bound(t, t + h.count, mint) - t));
  if (begin > 0) {
    std::copy(t + begin, t + end, t);
    std::copy(v + begin, v + end, v);
  }
  out->timestamps.resize(before + end - begin);
  out->values.resize(before + end - begin);
  return {};
}

}  // namespace cachescope::tsdb
