// Families of a multi-tenant vector-search API over HTTP. Tenants, data sets and endpoints come from users: the kits
// bound their number.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr double kHttpSeconds[] = {0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10};
inline constexpr double kSearchSeconds[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5};
inline constexpr double kBatchSizes[] = {1, 10, 50, 100, 500, 1000, 5000};
inline constexpr double kIndexBuildSeconds[] = {1, 5, 10, 30, 60, 300, 600, 1800};
inline constexpr double kBackupSeconds[] = {10, 30, 60, 300, 600, 1800, 3600};

inline constexpr Row kTenantApiRows[] = {
    CounterRow("http_requests_total", {"method", "endpoint", "status_code", "tenant_id"}, "Requests answered."),
    GivenHistogramRow("http_request_duration_seconds", {"method", "endpoint", "tenant_id"}, kHttpSeconds,
                      "Time from the request's head to the answer's end."),
    GaugeRow("datasets_total", {"tenant_id"}, "Data sets now."),
    GaugeRow("vectors_total", {"dataset_id", "tenant_id"}, "Vectors now."),
    CounterRow("search_operations_total", {"search_type", "dataset_id", "tenant_id"}, "Searches."),
    GivenHistogramRow("search_latency_seconds", {"search_type", "dataset_id", "tenant_id"}, kSearchSeconds,
                      "Time of a search."),
    CounterRow("vector_operations_total", {"operation", "dataset_id", "tenant_id"}, "Operations on vectors."),
    GivenHistogramRow("vector_batch_size", {"operation", "dataset_id", "tenant_id"}, kBatchSizes,
                      "Vectors in one operation."),
    CounterRow("cache_operations_total", {"operation", "cache_type", "tenant_id"}, "Operations on the API's caches."),
    GaugeRow("cache_hit_ratio", {"cache_type", "tenant_id"},
             "Share of lookups that hit, 0 to 1, over the window (five minutes unless configured).")
        .Repaired("the guide sets 1 at a hit and never lowers it; ours is computed from counters"),
    CounterRow("rate_limit_hits_total", {"tenant_id", "limit_type"}, "Requests turned away by a limit."),
    GaugeRow("rate_limit_remaining", {"tenant_id", "limit_type"}, "Requests still allowed by a limit."),
    GaugeRow("active_connections", {}, "Connections to the database in use."),
    GaugeRow("memory_usage_bytes", {"memory_type"}, "Memory: used, total, available, or another kind."),
    CounterRow("errors_total", {"error_type", "error_code", "tenant_id"}, "Errors by kind and code."),
    GivenHistogramRow("index_build_duration_seconds", {"index_type", "dataset_id", "tenant_id"}, kIndexBuildSeconds,
                      "Time of an index build that succeeded."),
    GivenHistogramRow("backup_duration_seconds", {"backup_type", "tenant_id"}, kBackupSeconds,
                      "Time of a backup that succeeded."),
    InfoRow("deeplake_api_info", {"version", "environment", "build_date"},
            "Always 1; the labels say what runs, where, and since when it exists."),
    GaugeRow("disk_free_bytes", {"mount_point"}, "Bytes free of a file system.")
        .Repaired("a rule reads it; nothing defined it"),
    GaugeRow("disk_total_bytes", {"mount_point"}, "Bytes of a file system.")
        .Repaired("a rule reads it; nothing defined it"),
};

/// As PredictiveCacheMetrics.
struct TenantApiMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kTenantApiRows, kName>;

  In<"http_requests_total"> http_requests{*this};
  In<"http_request_duration_seconds"> http_request_duration{*this};
  In<"datasets_total"> datasets{*this};
  In<"vectors_total"> vectors{*this};
  In<"search_operations_total"> search_operations{*this};
  In<"search_latency_seconds"> search_latency{*this};
  In<"vector_operations_total"> vector_operations{*this};
  In<"vector_batch_size"> vector_batch_size{*this};
  In<"cache_operations_total"> cache_operations{*this};
  In<"cache_hit_ratio"> cache_hit_ratio{*this};
  In<"rate_limit_hits_total"> rate_limit_hits{*this};
  In<"rate_limit_remaining"> rate_limit_remaining{*this};
  In<"active_connections"> active_connections{*this};
  In<"memory_usage_bytes"> memory_usage{*this};
  In<"errors_total"> errors{*this};
  In<"index_build_duration_seconds"> index_build_duration{*this};
  In<"backup_duration_seconds"> backup_duration{*this};
  In<"deeplake_api_info"> api_info{*this};
  In<"disk_free_bytes"> disk_free{*this};
  In<"disk_total_bytes"> disk_total{*this};
};

}  // namespace cachescope::catalogue
