// What goes into LiveStatistics: readings, thresholds, bounds.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace cachescope {

/// The state of one cache at one moment. Counters count since any moment and may start anew; NaN is "not known".
struct CacheReading {
  // Counters.
  double hits = 0;
  double misses = 0;
  /// Lookups that failed; neither hits nor misses.
  double errors = 0;
  double evictions = 0;
  double expirations = 0;
  /// Runs that looked for dead entries, and the entries they removed.
  double cleanup_runs = 0;
  double cleanup_removed = 0;
  // Gauges.
  double entries = std::numeric_limits<double>::quiet_NaN();
  double bytes = std::numeric_limits<double>::quiet_NaN();
  /// Bytes the cache may use at most.
  double capacity_bytes = std::numeric_limits<double>::quiet_NaN();
};

/// Bytes from which on memory use is a warning, or critical.
struct MemoryThresholds {
  double warning_bytes = 500.0 * 1024 * 1024;
  double critical_bytes = 1000.0 * 1024 * 1024;
};

/// The defaults above, replaced by CACHE_MEMORY_WARNING_THRESHOLD_MB and CACHE_MEMORY_CRITICAL_THRESHOLD_MB where these
/// are set; MB are 1,048,576 bytes. A value that is not a number above 0, or a warning above critical, is not used, and
/// `errors` (may be null) gets "cannot use CACHE_MEMORY_…: …". Reads the environment: not while another thread changes
/// it.
MemoryThresholds MemoryThresholdsFromEnvironment(std::vector<std::string>* errors = nullptr);

/// From where on something is recommended; ratios from 0 to 1.
struct AdviceLimits {
  /// Below this many lookups in the history nothing is said about ratios.
  double min_lookups = 100;
  double low_hit_ratio = 0.6;
  double high_error_ratio = 0.05;
  /// Bytes in use over capacity.
  double high_fill = 0.85;
  double critical_fill = 0.95;
  double low_fill = 0.25;
  /// Evictions for each miss; about 1 means that whatever is filled in pushes something else out.
  double high_evictions_per_miss = 0.5;
  /// Full sooner than this, at the present growth.
  double soon_seconds = 3600;
  /// Cleanup runs that remove less than this on average are idle.
  double idle_cleanup_entries = 0.5;
};

struct LiveStatisticsOptions {
  /// Readings kept for each cache, 5 to 100,000: an hour at one every 30 s. 88 bytes each.
  std::size_t max_readings = 121;
  /// 1 to 10,000.
  std::size_t max_caches = 64;
  /// For all caches together.
  MemoryThresholds memory = MemoryThresholdsFromEnvironment();
  AdviceLimits limits = {};
};

}  // namespace cachescope
