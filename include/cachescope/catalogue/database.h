// Families of the databases behind caches: operations, times, errors, the pool of connections, rows.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kDatabaseRows[] = {
    CounterRow("database_operations_total", {"database_type", "query_type", "status"}, "Queries, by outcome.").Added(),
    HistogramRow("database_query_time", {"database_type", "query_type"}, kLatencySeconds,
                 "Time of a query, in seconds.")
        .Unit("seconds")
        .Repaired("a dashboard reads its buckets; nothing defined it"),
    CounterRow("database_errors_total", {"database_type", "type"},
               "Errors by kind: connection, timeout, query, constraint or other.")
        .Repaired("a rule reads it; nothing defined it"),
    GaugeRow("database_connections", {"database_type"}, "Open connections, idle ones included.")
        .Repaired("a dashboard reads it; nothing defined it"),
    GaugeRow("database_pool_connections", {"database_type", "state"}, "Connections of the pool: active or idle.")
        .Added(),
    GaugeRow("database_pool_limit", {"database_type"}, "Most connections the pool may open.").Added(),
    HistogramRow("database_pool_wait_seconds", {"database_type"}, kLatencySeconds,
                 "Time spent waiting for a connection from the pool.")
        .Added(),
    HistogramRow("database_rows", {"database_type", "query_type"}, kCounts, "Rows read or written by a query.").Added(),
};

/// As PredictiveCacheMetrics.
struct DatabaseMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kDatabaseRows, kName>;

  In<"database_operations_total"> operations{*this};
  In<"database_query_time"> query_time{*this};
  In<"database_errors_total"> errors{*this};
  In<"database_connections"> connections{*this};
  In<"database_pool_connections"> pool_connections{*this};
  In<"database_pool_limit"> pool_limit{*this};
  In<"database_pool_wait_seconds"> pool_wait{*this};
  In<"database_rows"> rows{*this};
};

}  // namespace cachescope::catalogue
