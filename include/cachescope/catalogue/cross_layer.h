// Families that every cache layer feeds beside its own, so that one rule or panel covers all layers.
//
// They share names with the two-tier and the library families, whose labels differ: keep those in another registry or
// under a namespace.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kCrossLayerRows[] = {
    CounterRow("cache_requests_total", {"cache_layer", "status"},
               "Requests to a layer by outcome: success, error (it broke) or failed (it gave up).")
        .Repaired("rules and dashboards read it; nothing defined it"),
    CounterRow("cache_hits_total", {"cache_layer"}, "Lookups that found an entry.")
        .Repaired("rules and dashboards read it by layer; nothing defined it so"),
    CounterRow("cache_misses_total", {"cache_layer"}, "Lookups that found none.")
        .Repaired("rules and dashboards read it by layer; nothing defined it so"),
    GaugeRow("cache_size_bytes", {"cache_layer"}, "Bytes a layer holds now.")
        .Repaired("rules and dashboards read it; nothing defined it"),
    HistogramRow("cache_response_time", {"cache_layer"}, kLatencySeconds, "Time of a request to a layer, in seconds.")
        .Unit("seconds")
        .Repaired("rules and dashboards read its buckets; nothing defined it"),
};

/// As PredictiveCacheMetrics.
struct CrossLayerMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kCrossLayerRows, kName>;

  In<"cache_requests_total"> requests{*this};
  In<"cache_hits_total"> hits{*this};
  In<"cache_misses_total"> misses{*this};
  In<"cache_size_bytes"> size{*this};
  In<"cache_response_time"> response_time{*this};
};

}  // namespace cachescope::catalogue
