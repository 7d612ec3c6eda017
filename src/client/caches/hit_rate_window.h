// HitRateWindow: hits and misses over the last while, from readings of two counters. Not thread-safe.
#pragma once

#include <chrono>
#include <deque>

namespace cachescope::client {

class HitRateWindow {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Counts {
    double hits = 0;
    double misses = 0;
  };

  /// Starts with a first reading.
  HitRateWindow(std::chrono::steady_clock::duration length, TimePoint now, Counts counts)
      : length_(length), readings_{{now, counts}} {}

  /// Adds a reading and gives what was counted since the newest reading that is at least `length` old, or since the
  /// first one.
  Counts Update(TimePoint now, Counts counts);

 private:
  struct Reading {
    TimePoint time;
    Counts counts;
  };
  /// Readings closer together than length / kSlots are merged, so that many scrapers cost no more than one.
  static constexpr int kSlots = 32;

  const std::chrono::steady_clock::duration length_;
  std::deque<Reading> readings_;  // never empty
};

}  // namespace cachescope::client
