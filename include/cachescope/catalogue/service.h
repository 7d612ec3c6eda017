// Families that the kits of a service add to those of the tenant API: what is going on now, sizes, decisions, results.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kServiceRows[] = {
    GaugeRow("http_requests_in_flight", {"method"}, "Requests being answered now.").Added(),
    HistogramRow("http_request_size_bytes", {"method", "endpoint"}, kSizeBytes, "Bytes of a request's body.").Added(),
    HistogramRow("http_response_size_bytes", {"method", "endpoint"}, kSizeBytes, "Bytes of an answer's body.").Added(),
    CounterRow("rate_limit_decisions_total", {"limit_type", "decision"}, "Decisions: allowed or denied.").Added(),
    CounterRow("cache_lookup_hits_total", {"cache_type", "tenant_id"},
               "Lookups that hit, of those that cache_operations_total counts as get.")
        .Added("the counter behind cache_hit_ratio"),
    HistogramRow("search_results", {"search_type"}, kCounts, "Results of a search.").Added(),
    GaugeRow("index_builds_in_progress", {"index_type"}, "Index builds running now.").Added(),
    CounterRow("index_builds_total", {"index_type", "status"}, "Index builds that ended, by outcome.").Added(),
    CounterRow("backups_total", {"backup_type", "status"}, "Backups that ended, by outcome.").Added(),
    GaugeRow("backup_last_success_timestamp_seconds", {"backup_type", "tenant_id"},
             "When a backup last succeeded, in seconds since the Unix epoch.")
        .Added("an absent backup shows as an old time, where a count that does not grow stays silent"),
    GaugeRow("backup_size_bytes", {"backup_type", "tenant_id"}, "Bytes of the latest backup.").Added(),
    CounterRow("cachescope_kits_values_folded_total", {"label"},
               "Label values answered by \"other\" because their number is bounded.")
        .Added(),
};

/// As PredictiveCacheMetrics.
struct ServiceMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kServiceRows, kName>;

  In<"http_requests_in_flight"> http_in_flight{*this};
  In<"http_request_size_bytes"> http_request_size{*this};
  In<"http_response_size_bytes"> http_response_size{*this};
  In<"rate_limit_decisions_total"> rate_limit_decisions{*this};
  In<"cache_lookup_hits_total"> cache_lookup_hits{*this};
  In<"search_results"> search_results{*this};
  In<"index_builds_in_progress"> index_builds_in_progress{*this};
  In<"index_builds_total"> index_builds{*this};
  In<"backups_total"> backups{*this};
  In<"backup_last_success_timestamp_seconds"> backup_last_success{*this};
  In<"backup_size_bytes"> backup_size{*this};
  In<"cachescope_kits_values_folded_total"> values_folded{*this};
};

}  // namespace cachescope::catalogue
