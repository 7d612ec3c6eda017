// Series of every kind that the packed chunk tells apart, for its tests.
#pragma once

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb::packed {

struct TestSeries {
  std::string name;
  std::vector<TimestampMs> t;
  std::vector<double> v;
  std::vector<TimestampMs> starts;
  PackedSamples samples() const { return {t, v, starts}; }
};

// How values and times of a kind run; every kind of one goes with every kind of the other.
inline constexpr unsigned kValueKinds = 19;
inline constexpr unsigned kTimeKinds = 7;

inline double ValueForTest(unsigned kind, std::size_t i, std::mt19937_64& random, std::int64_t* state) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto bits = [](std::uint64_t b) { return std::bit_cast<double>(b); };
  const auto upto = [&random](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
  switch (kind) {
    case 0:  // constant
      return 42;
    case 1:  // counter
      return static_cast<double>(*state += upto(100));
    case 2:  // counter with a reset
      *state = i % 200 == 150 ? 0 : *state + 1000 + upto(60);
      return static_cast<double>(*state);
    case 3:  // rare steps
      return static_cast<double>(*state += upto(50) == 0 ? upto(5) - 2 : 0);
    case 4:  // a line
      return static_cast<double>(i) * 15 - 7;
    case 5:  // a curve
      return static_cast<double>(i * i) + static_cast<double>(upto(3));
    case 6:  // two decimals
      return static_cast<double>(*state += upto(1000) - 480) / 100;
    case 7:  // nine decimals
      return static_cast<double>(*state += upto(1'000'000)) / 1e9;
    case 8:  // pages
      return static_cast<double>((*state += upto(1000) - 500) * 4096);
    case 9:  // any finite double, and others
      return bits(random());
    case 10:  // NaN payloads
      return bits(0x7ff0000000000000 | (random() & 0x800fffffffffffff));
    case 11:  // quotients
      return static_cast<double>(900 + upto(100)) / static_cast<double>(1000 + upto(50));
    case 12:  // few different doubles
      return std::exp(static_cast<double>(upto(9))) / 3;
    case 13: {  // counter with everything else in between
      constexpr double kOdd[] = {-0.0, INFINITY, -INFINITY, 0.1, 5e-324, 1e308, 9007199254740993.0};
      if (upto(20) == 0) return kOdd[upto(7)];
      if (upto(20) == 0) return StaleMarker();
      return static_cast<double>(*state += upto(9));
    }
    case 14:  // limits of whole numbers
      return static_cast<double>(upto(2) == 0 ? kMost : -kMost - upto(2)) / static_cast<double>(upto(3) + 1);
    case 15:  // about 2^53
      return 9007199254740992.0 + static_cast<double>(upto(5) - 2);
    case 16:  // zeros of both signs
      return upto(2) == 0 ? 0.0 : -0.0;
    case 17:  // a counter that ends
      return i % 480 == 479 ? StaleMarker() : static_cast<double>(*state += upto(7));
    default:  // doubles added up
      return bits(std::bit_cast<std::uint64_t>(1e6) + static_cast<std::uint64_t>(*state += upto(1 << 30)));
  }
}

inline TimestampMs StepForTest(unsigned kind, std::size_t i, std::mt19937_64& random) {
  switch (kind) {
    case 0:  // regular
      return 15'000;
    case 1:  // a millisecond of jitter, of its own
      return 15'000 + static_cast<TimestampMs>(random() % 2) - static_cast<TimestampMs>(i % 2);
    case 2:  // gaps
      return random() % 40 == 0 ? 15'000'000 : 15'000;
    case 3:  // anything
      return 1 + static_cast<TimestampMs>(random() % 100'000);
    case 4:  // a jump over most of time
      return i == 7 ? std::numeric_limits<TimestampMs>::max() / 2 : 1;
    case 5:  // drift
      return 10'000 + static_cast<TimestampMs>(i);
    default:  // every millisecond
      return 1;
  }
}

inline TestSeries SeriesForTest(unsigned value_kind, unsigned time_kind, std::size_t count, std::mt19937_64& random) {
  TestSeries out;
  out.name = "values " + std::to_string(value_kind) + ", times " + std::to_string(time_kind) + ", " +
             std::to_string(count) + " samples";
  std::int64_t state = 1000;
  TimestampMs t = time_kind == 4 ? std::numeric_limits<TimestampMs>::min() / 2 : 1'700'000'000'000;
  for (std::size_t i = 0; i < count; ++i) {
    out.t.push_back(t += StepForTest(time_kind, i, random));
    out.v.push_back(ValueForTest(value_kind, i, random, &state));
  }
  if (random() % 4 == 0) {
    const std::size_t known = 1 + random() % count;
    for (std::size_t i = 0; i < known; ++i) out.starts.push_back(i < known / 3 ? 0 : 1'699'000'000'000);
  }
  return out;
}

inline bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::equal(a.begin(), a.end(), b.begin(), [](double x, double y) {
                                    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
                                  }));
}

}  // namespace cachescope::tsdb::packed
