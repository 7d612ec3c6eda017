// Families of a two-tier query cache: L1 in memory, L2 in Redis, and both together as the tier "multi".
//
// cache_hit_rate and cache_memory_usage_percent are percentages from 0 to 100, as that cache has always documented
// them; every other rate of the catalogue is a fraction.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr double kTierSeconds[] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};

inline constexpr Row kTwoTierRows[] = {
    CounterRow("cache_operations_total", {"operation_type", "cache_tier", "cache_name"}, "Operations on a tier."),
    CounterRow("cache_hits_total", {"cache_tier", "cache_name"}, "Lookups a tier answered."),
    CounterRow("cache_misses_total", {"cache_tier", "cache_name"}, "Lookups a tier could not answer."),
    GivenHistogramRow("cache_operation_duration_seconds", {"operation_type", "cache_tier"}, kTierSeconds,
                      "Time of an operation on a tier."),
    GaugeRow("cache_size_entries", {"cache_tier", "cache_name"}, "Entries a tier holds now."),
    GaugeRow("cache_memory_usage_bytes", {"cache_tier", "cache_name"}, "Bytes a tier holds now."),
    GaugeRow("cache_memory_usage_percent", {"cache_tier", "cache_name"}, "Bytes held, in percent of the tier's limit."),
    GaugeRow("cache_connections_active", {"cache_name"}, "Connections to L2 in use."),
    GaugeRow("cache_hit_rate", {"cache_tier", "cache_name"},
             "Lookups answered, in percent, over the window (five minutes unless configured).")
        .Unit("percent"),
    CounterRow("cache_errors_total", {"error_type", "cache_tier"}, "Errors of a tier, by kind."),
    CounterRow("cache_evictions_total", {"cache_tier", "cache_name"}, "Entries that left a tier for want of space.")
        .Added("the guide keeps the number and does not export it"),
    CounterRow("cache_expirations_total", {"cache_tier", "cache_name"}, "Entries that left a tier by their age.")
        .Added("the guide keeps the number and does not export it"),
    GaugeRow("cache_connection_pool_usage_percent", {"cache_name"}, "Connections in use, in percent of the pool.")
        .Added("the guide keeps the number and does not export it"),
};

/// As PredictiveCacheMetrics.
struct TwoTierMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kTwoTierRows, kName>;

  In<"cache_operations_total"> operations{*this};
  In<"cache_hits_total"> hits{*this};
  In<"cache_misses_total"> misses{*this};
  In<"cache_operation_duration_seconds"> operation_duration{*this};
  In<"cache_size_entries"> size_entries{*this};
  In<"cache_memory_usage_bytes"> memory_usage{*this};
  In<"cache_memory_usage_percent"> memory_usage_percent{*this};
  In<"cache_connections_active"> connections_active{*this};
  In<"cache_hit_rate"> hit_rate{*this};
  In<"cache_errors_total"> errors{*this};
  In<"cache_evictions_total"> evictions{*this};
  In<"cache_expirations_total"> expirations{*this};
  In<"cache_connection_pool_usage_percent"> pool_usage{*this};
};

}  // namespace cachescope::catalogue
