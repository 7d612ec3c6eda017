#include "client/statistics/cache_history.h"

#include <cmath>
#include <limits>

namespace cachescope::client {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMinReadings = 5;
// A change over the history below this part of the mean is no trend anyone acts upon.
constexpr double kNegligible = 0.01;
constexpr double kSecondsPerHour = 3600;

double Ratio(double part, double whole) noexcept { return whole > 0 ? part / whole : kNan; }

// How much a counter grew; one that fell has started anew.
double Increase(double before, double after) noexcept {
  const double increase = after >= before ? after - before : after;
  return std::isfinite(increase) && increase > 0 ? increase : 0;
}

}  // namespace

Trend MakeTrend(const std::vector<Point>& points) {
  const LineFit fit = FitLine(points);
  Trend trend;
  trend.readings = fit.points;
  trend.per_hour = fit.slope * kSecondsPerHour;
  trend.per_hour_low = fit.slope_low * kSecondsPerHour;
  trend.per_hour_high = fit.slope_high * kSecondsPerHour;
  trend.r_squared = fit.r_squared;
  if (fit.points < kMinReadings || std::isnan(fit.slope)) return trend;
  const double change = fit.slope * (points.back().x - points.front().x);
  const bool negligible = std::fabs(change) <= kNegligible * std::fabs(fit.mean_y);
  const bool certain = fit.slope_low > 0 || fit.slope_high < 0;
  trend.direction = negligible || !certain ? TrendDirection::kStable
                    : fit.slope > 0        ? TrendDirection::kGrowing
                                           : TrendDirection::kShrinking;
  return trend;
}

void AddGrowth(const CacheReading& before, const CacheReading& after, CacheReading* sum) noexcept {
  for (double CacheReading::*const counter :
       {&CacheReading::hits, &CacheReading::misses, &CacheReading::errors, &CacheReading::evictions,
        &CacheReading::expirations, &CacheReading::cleanup_runs, &CacheReading::cleanup_removed}) {
    sum->*counter += Increase(before.*counter, after.*counter);
  }
}

double SecondsToFull(const CacheSnapshot& snapshot) noexcept {
  if (snapshot.bytes_trend.direction != TrendDirection::kGrowing || !std::isfinite(snapshot.fill)) return kNan;
  const double left = std::fmax(0, snapshot.capacity_bytes - snapshot.bytes);
  return left / snapshot.bytes_trend.per_hour * kSecondsPerHour;
}

bool CacheHistory::Add(const TimedReading& reading) {
  if (!readings_.empty() && !(reading.time > last().time)) return false;
  if (readings_.size() < max_readings_) {
    readings_.push_back(reading);
  } else {
    readings_[first_] = reading;
    first_ = (first_ + 1) % readings_.size();
  }
  return true;
}

void CacheHistory::AddOrReplace(const TimedReading& reading) {
  if (!Add(reading) && reading.time == last().time) {
    readings_[(first_ + readings_.size() - 1) % readings_.size()] = reading;
  }
}

double CacheHistory::Growth(double CacheReading::*counter) const noexcept {
  double growth = 0;
  for (std::size_t i = 1; i < readings_.size(); ++i) {
    growth += Increase(At(i - 1).reading.*counter, At(i).reading.*counter);
  }
  return growth;
}

// Times count from the first reading: the slope needs their differences only.
std::vector<Point> CacheHistory::Points(double CacheReading::*gauge) const {
  std::vector<Point> points;
  for (std::size_t i = 0; i < readings_.size(); ++i) {
    const double value = At(i).reading.*gauge;
    if (std::isfinite(value)) points.push_back({At(i).time - At(0).time, value});
  }
  return points;
}

std::vector<Point> CacheHistory::HitRatios() const {
  std::vector<Point> points;
  for (std::size_t i = 1; i < readings_.size(); ++i) {
    const double hits = Increase(At(i - 1).reading.hits, At(i).reading.hits);
    const double misses = Increase(At(i - 1).reading.misses, At(i).reading.misses);
    if (hits + misses > 0) points.push_back({At(i).time - At(0).time, hits / (hits + misses)});
  }
  return points;
}

std::vector<Point> CacheHistory::CleanupsPerHour() const {
  std::vector<Point> points;
  for (std::size_t i = 1; i < readings_.size(); ++i) {
    const double runs = Increase(At(i - 1).reading.cleanup_runs, At(i).reading.cleanup_runs);
    points.push_back({At(i).time - At(0).time, runs / (At(i).time - At(i - 1).time) * kSecondsPerHour});
  }
  return points;
}

void CacheHistory::FillCounts(CacheSnapshot* snapshot) const {
  snapshot->hits = Growth(&CacheReading::hits);
  snapshot->misses = Growth(&CacheReading::misses);
  snapshot->errors = Growth(&CacheReading::errors);
  snapshot->evictions = Growth(&CacheReading::evictions);
  snapshot->expirations = Growth(&CacheReading::expirations);
  const double lookups = snapshot->hits + snapshot->misses;
  snapshot->hit_ratio = Ratio(snapshot->hits, lookups);
  snapshot->error_ratio = Ratio(snapshot->errors, lookups + snapshot->errors);
  snapshot->lookups_per_second = Ratio(lookups + snapshot->errors, snapshot->history_seconds);
  const double runs = Growth(&CacheReading::cleanup_runs);
  snapshot->cleanups_per_hour = Ratio(runs * kSecondsPerHour, snapshot->history_seconds);
  snapshot->removed_per_cleanup = Ratio(Growth(&CacheReading::cleanup_removed), runs);
}

CacheSnapshot CacheHistory::Snapshot(std::string_view name, double now) const {
  CacheSnapshot snapshot;
  snapshot.name = name;
  snapshot.readings = readings_.size();
  snapshot.history_seconds = last().time - At(0).time;
  snapshot.seconds_since_reading = std::fmax(0, now - last().time);
  FillCounts(&snapshot);
  snapshot.entries = last().reading.entries;
  snapshot.bytes = last().reading.bytes;
  snapshot.capacity_bytes = last().reading.capacity_bytes;
  snapshot.fill = Ratio(snapshot.bytes, snapshot.capacity_bytes);
  snapshot.bytes_trend = MakeTrend(Points(&CacheReading::bytes));
  snapshot.entries_trend = MakeTrend(Points(&CacheReading::entries));
  snapshot.hit_ratio_trend = MakeTrend(HitRatios());
  snapshot.cleanups_trend = MakeTrend(CleanupsPerHour());
  snapshot.seconds_to_full = SecondsToFull(snapshot);
  return snapshot;
}

}  // namespace cachescope::client
