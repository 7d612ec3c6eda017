// What comes out of LiveStatistics, as plain values, JSON and text. NaN is "not known" and null in JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope {

enum class TrendDirection : std::uint8_t { kUnknown, kStable, kGrowing, kShrinking };

/// A straight line through the history, by least squares. Readings of a cache depend on each other, so the interval is
/// rather too narrow than too wide.
struct Trend {
  /// kUnknown with fewer than 5 readings. kStable if the 95 % interval of the slope contains 0, or if the line changes
  /// by less than one part in a hundred of its mean over the history.
  TrendDirection direction = TrendDirection::kUnknown;
  double per_hour = 0;
  /// 95 % confidence interval of per_hour, by Student's t.
  double per_hour_low = 0;
  double per_hour_high = 0;
  /// Part of the variance that the line explains, 0 to 1; NaN when there is none.
  double r_squared = 0;
  std::size_t readings = 0;
};

enum class MemoryLevel : std::uint8_t { kUnknown, kOk, kWarning, kCritical };

struct CacheSnapshot {
  std::string name = {};
  std::size_t readings = 0;
  /// From the first reading of the history to the last; what follows is over this long. Counters that started anew
  /// count from there.
  double history_seconds = 0;
  double seconds_since_reading = 0;
  double hits = 0;
  double misses = 0;
  double errors = 0;
  double evictions = 0;
  double expirations = 0;
  /// hits / (hits + misses), 0 to 1.
  double hit_ratio = 0;
  /// errors / (hits + misses + errors), 0 to 1.
  double error_ratio = 0;
  double lookups_per_second = 0;
  double cleanups_per_hour = 0;
  double removed_per_cleanup = 0;
  // Of the last reading.
  double entries = 0;
  double bytes = 0;
  double capacity_bytes = 0;
  /// bytes / capacity_bytes.
  double fill = 0;
  /// By the cache's own thresholds, else by its fill.
  MemoryLevel memory = MemoryLevel::kUnknown;
  Trend bytes_trend = {};
  Trend entries_trend = {};
  /// Of the hit ratio between readings.
  Trend hit_ratio_trend = {};
  /// Of the cleanup runs per hour between readings.
  Trend cleanups_trend = {};
  /// Until full at the present growth; NaN unless growing with a known capacity.
  double seconds_to_full = 0;
};

enum class AdviceSeverity : std::uint8_t { kInfo, kWarning, kCritical };

struct Evidence {
  std::string name = {};
  double value = 0;
};

struct Recommendation {
  /// Stable, for programs: memory_critical, memory_warning, full_soon, eviction_pressure, unbounded_growth,
  /// low_hit_ratio, falling_hit_ratio, high_error_ratio, idle_cleanup, missing_cleanup, unused_cache, oversized_cache.
  std::string id = {};
  AdviceSeverity severity = AdviceSeverity::kInfo;
  /// Empty: all caches together.
  std::string cache = {};
  std::vector<Evidence> evidence = {};
  std::string advice = {};
};

struct LiveSnapshot {
  /// Sorted by name.
  std::vector<CacheSnapshot> caches = {};
  /// Sums over all caches; level by LiveStatisticsOptions::memory. Its capacity is known if that of every cache is.
  CacheSnapshot total = {};
  double process_resident_bytes = 0;
  /// Most severe first.
  std::vector<Recommendation> recommendations = {};
  std::uint64_t refused = 0;
  std::uint64_t source_errors = 0;
};

/// "unknown", "stable", "growing", "shrinking"; "unknown", "ok", "warning", "critical"; "info", "warning", "critical".
std::string_view TrendDirectionName(TrendDirection direction) noexcept;
std::string_view MemoryLevelName(MemoryLevel level) noexcept;
std::string_view AdviceSeverityName(AdviceSeverity severity) noexcept;

/// One JSON object with the fields above. Always valid UTF-8.
std::string Json(const LiveSnapshot& snapshot);
std::string Text(const LiveSnapshot& snapshot);

}  // namespace cachescope
