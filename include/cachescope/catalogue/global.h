// Families of the global cache: knowledge shared by all nodes, kept in step by syncs and checked by validations.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kGlobalRows[] = {
    CounterRow("global_cache_search_requests_total", {"cache_layer", "status"}, "Searches, by outcome."),
    CounterRow("global_cache_update_requests_total", {"cache_layer", "status"}, "Updates of knowledge, by outcome."),
    CounterRow("global_cache_sync_requests_total", {"cache_layer", "status"}, "Syncs with other nodes, by outcome."),
    CounterRow("global_cache_hits_total", {"cache_layer"}, "Searches that found an entry."),
    CounterRow("global_cache_misses_total", {"cache_layer"}, "Searches that found none."),
    GaugeRow("global_cache_size_bytes", {"cache_layer"}, "Bytes held now."),
    GaugeRow("global_cache_knowledge_entries", {"cache_layer"}, "Entries of knowledge held now."),
    HistogramRow("global_cache_knowledge_confidence", {"cache_layer"}, kScores,
                 "Confidence of entries when they were found or written, 0 to 1."),
    HistogramRow("global_cache_sync_latency_seconds", {"cache_layer"}, kLatencySeconds, "Time of a sync."),
    GaugeRow("global_cache_sync_frequency_seconds", {"cache_layer"}, "Seconds between the latest two syncs."),
    GaugeRow("global_cache_sync_success_rate", {"cache_layer"},
             "Share of syncs that succeeded over the window (five minutes unless configured).")
        .Unit("ratio"),
    CounterRow("global_cache_validation_requests_total", {"cache_layer", "status"},
               "Validations of entries, by outcome."),
    HistogramRow("global_cache_validation_latency_seconds", {"cache_layer"}, kLatencySeconds, "Time of a validation."),
};

/// As PredictiveCacheMetrics.
struct GlobalCacheMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kGlobalRows, kName>;

  In<"global_cache_search_requests_total"> search_requests{*this};
  In<"global_cache_update_requests_total"> update_requests{*this};
  In<"global_cache_sync_requests_total"> sync_requests{*this};
  In<"global_cache_hits_total"> hits{*this};
  In<"global_cache_misses_total"> misses{*this};
  In<"global_cache_size_bytes"> size{*this};
  In<"global_cache_knowledge_entries"> knowledge_entries{*this};
  In<"global_cache_knowledge_confidence"> knowledge_confidence{*this};
  In<"global_cache_sync_latency_seconds"> sync_latency{*this};
  In<"global_cache_sync_frequency_seconds"> sync_frequency{*this};
  In<"global_cache_sync_success_rate"> sync_success_rate{*this};
  In<"global_cache_validation_requests_total"> validation_requests{*this};
  In<"global_cache_validation_latency_seconds"> validation_latency{*this};
};

}  // namespace cachescope::catalogue
