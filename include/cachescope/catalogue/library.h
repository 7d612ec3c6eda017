// Families of a cache library with pluggable collectors. Ten have documented names with dots, kept for StatsD
// (Row::dotted); Prometheus sees them under the application's namespace: myapp_cache_gets_total.
//
// Register them in a registry with a namespace: without one they collide with the cross-layer and two-tier families.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kLibraryRows[] = {
    CounterRow("cache_gets_total", {"result"}, "Lookups, by result: hit or miss.").Dotted("cache.gets.total"),
    CounterRow("cache_sets_total", {}, "Entries written.").Dotted("cache.sets.total"),
    CounterRow("cache_deletes_total", {}, "Entries taken out by a call.").Dotted("cache.deletes.total"),
    CounterRow("cache_hits_total", {}, "Lookups that found an entry.").Dotted("cache.hits.total"),
    CounterRow("cache_misses_total", {}, "Lookups that found none.").Dotted("cache.misses.total"),
    GaugeRow("cache_hit_rate", {},
             "Share of lookups that hit, 0 to 1, over the window (five minutes unless configured).")
        .Unit("ratio")
        .Dotted("cache.hit_rate"),
    GaugeRow("cache_size_bytes", {}, "Bytes held now.").Dotted("cache.size_bytes"),
    GaugeRow("cache_keys_count", {}, "Entries held now.").Dotted("cache.keys_count"),
    HistogramRow("cache_operation_duration_seconds", {"operation"}, kLatencySeconds, "Time of an operation.")
        .Dotted("cache.operation_duration"),
    CounterRow("cache_invalidations_total", {}, "Entries taken out because they were out of date.")
        .Dotted("cache.invalidations.total"),
};

/// As PredictiveCacheMetrics.
struct LibraryCacheMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kLibraryRows, kName>;

  In<"cache_gets_total"> gets{*this};
  In<"cache_sets_total"> sets{*this};
  In<"cache_deletes_total"> deletes{*this};
  In<"cache_hits_total"> hits{*this};
  In<"cache_misses_total"> misses{*this};
  In<"cache_hit_rate"> hit_rate{*this};
  In<"cache_size_bytes"> size{*this};
  In<"cache_keys_count"> keys{*this};
  In<"cache_operation_duration_seconds"> operation_duration{*this};
  In<"cache_invalidations_total"> invalidations{*this};
};

/// What the library's examples report beside the ten: health, uptime, errors with their rates.
inline constexpr Row kLibraryHealthRows[] = {
    GaugeRow("cache_health", {}, "Latest health check of the cache: 1 healthy, 0 not.")
        .Repaired("an example reports it; the list leaves it out")
        .Dotted("cache.health"),
    HistogramRow("cache_health_check_duration_seconds", {}, kLatencySeconds, "Time of a health check of the cache.")
        .Repaired("an example reports it; the list leaves it out")
        .Dotted("cache.health_check_duration"),
    CounterRow("cache_health_check_errors_total", {}, "Health checks of the cache that broke.")
        .Repaired("an example reports it; the list leaves it out")
        .Dotted("cache.health_check_errors"),
    GaugeRow("cache_uptime_seconds", {}, "Time since the cache was created.")
        .Repaired("an example reports it; the list leaves it out")
        .Dotted("cache.uptime_seconds"),
    CounterRow("cache_errors_total", {"operation", "error_type", "error_class"}, "Errors of operations, by kind.")
        .Repaired("an example reports it; the list leaves it out")
        .Dotted("cache.errors.total"),
    GaugeRow("cache_error_rate", {"operation"},
             "Share of an operation's calls that broke over the window (five minutes unless configured).")
        .Unit("ratio")
        .Repaired("an example reports it since the start, one name for each operation; ours has a window and a label")
        .Dotted("cache.error_rate"),
};

/// As PredictiveCacheMetrics.
struct LibraryHealthMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kLibraryHealthRows, kName>;

  In<"cache_health"> health{*this};
  In<"cache_health_check_duration_seconds"> check_duration{*this};
  In<"cache_health_check_errors_total"> check_errors{*this};
  In<"cache_uptime_seconds"> uptime{*this};
  In<"cache_errors_total"> errors{*this};
  In<"cache_error_rate"> error_rate{*this};
};

}  // namespace cachescope::catalogue
