// CacheHistory: the last readings of one cache, and what follows from them. Not thread-safe.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "cachescope/live_statistics_options.h"
#include "cachescope/live_statistics_snapshot.h"
#include "client/statistics/linear_regression.h"

namespace cachescope::client {

struct TimedReading {
  /// Seconds on a steady clock.
  double time = 0;
  CacheReading reading = {};
};

/// A trend of points whose x are seconds.
Trend MakeTrend(const std::vector<Point>& points);

/// Adds to the counters of `sum` what those of a cache grew from one reading to the next; they may start anew.
void AddGrowth(const CacheReading& before, const CacheReading& after, CacheReading* sum) noexcept;

/// Until `bytes` reach `capacity_bytes` at the pace of `bytes_trend`; NaN unless growing with a known capacity.
double SecondsToFull(const CacheSnapshot& snapshot) noexcept;

class CacheHistory {
 public:
  explicit CacheHistory(std::size_t max_readings) : max_readings_(max_readings) {}

  /// False if it is not later than the last one.
  bool Add(const TimedReading& reading);
  /// Replaces the last reading if it is of the same time, else adds it.
  void AddOrReplace(const TimedReading& reading);

  bool empty() const noexcept { return readings_.empty(); }
  /// REQUIRES: not empty.
  const TimedReading& last() const noexcept { return At(readings_.size() - 1); }

  /// All but the memory level. REQUIRES: not empty.
  CacheSnapshot Snapshot(std::string_view name, double now) const;

 private:
  const TimedReading& At(std::size_t i) const noexcept { return readings_[(first_ + i) % readings_.size()]; }
  double Growth(double CacheReading::*counter) const noexcept;
  std::vector<Point> Points(double CacheReading::*gauge) const;
  std::vector<Point> HitRatios() const;
  std::vector<Point> CleanupsPerHour() const;
  void FillCounts(CacheSnapshot* snapshot) const;

  const std::size_t max_readings_;
  std::size_t first_ = 0;               // of the oldest reading, once the ring is full
  std::vector<TimedReading> readings_;  // a ring, at most max_readings_ long
};

}  // namespace cachescope::client
