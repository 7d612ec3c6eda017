// Whether a sample may follow the newest one of its series. Pure functions over plain data.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "model/histogram.h"
#include "model/sample.h"

namespace cachescope::tsdb {

inline constexpr TimestampMs kMinTime = std::numeric_limits<TimestampMs>::min();
inline constexpr TimestampMs kMaxTime = std::numeric_limits<TimestampMs>::max();

// One value to store: a float by its bits, or a histogram.
struct SampleValue {
  std::uint64_t bits = 0;
  const std::shared_ptr<const FloatHistogram>* histogram = nullptr;  // not owned
  TimestampMs start = 0;                                             // since when the series counts; 0: not known
};

// Bit for bit, NaN payloads included; counter reset hints, which a store adjusts, do not count.
bool SameHistogram(const FloatHistogram& a, const FloatHistogram& b);

// The newest sample of a series, stored or waiting in a batch.
struct NewestSample {
  bool exists = false;
  TimestampMs t = 0;
  std::uint64_t bits = 0;
  const FloatHistogram* histogram = nullptr;  // not owned; null for a float
};

// What becomes of a sample at `t` behind `newest`.
enum class Admission : unsigned char { kAppend, kEqual, kDuplicate, kOutOfOrder };
Admission Admit(const NewestSample& newest, TimestampMs t, const SampleValue& value);

}  // namespace cachescope::tsdb
