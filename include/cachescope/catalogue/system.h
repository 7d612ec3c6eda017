// Families of the system around the layers: host, processes, databases, health, and all layers seen as one system.
//
// system_health_status encodes the status in its value: 1 healthy, 0.5 warning, 0 critical, -1 unknown.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kSystemRows[] = {
    GaugeRow("system_cpu_usage_percent", {"component"}, "Processor time in use, 0 to 100 of all cores together."),
    GaugeRow("system_memory_usage_bytes", {"component"}, "Memory in use: all of it without what is available."),
    GaugeRow("system_disk_usage_bytes", {"component", "mount_point"}, "Bytes in use of a file system."),
    CounterRow("system_network_io_bytes_total", {"component", "direction"},
               "Bytes over all network interfaces but loopback: receive or transmit."),
    GaugeRow("system_process_count", {"component"}, "Processes."),
    GaugeRow("system_process_cpu_percent", {"component", "process_name"},
             "Processor time of the processes of that name; 100 is one core in full."),
    GaugeRow("system_process_memory_bytes", {"component", "process_name"},
             "Resident memory of the processes of that name."),
    GaugeRow("system_database_connections", {"component", "database_type"}, "Open connections to a database."),
    HistogramRow("system_database_query_time_seconds", {"component", "database_type", "query_type"}, kLatencySeconds,
                 "Time of a query."),
    CounterRow("system_database_errors_total", {"component", "database_type", "error_type"},
               "Errors of a database, by kind."),
    GaugeRow("cache_system_throughput_requests_per_second", {"cache_layer"},
             "Requests per second to a layer over the window (five minutes unless configured)."),
    GaugeRow("cache_system_error_rate", {"cache_layer"},
             "Share of a layer's requests that did not succeed over the window (five minutes unless configured).")
        .Unit("ratio"),
    HistogramRow("cache_system_response_time_seconds", {"cache_layer", "operation"}, kLatencySeconds,
                 "Time of an operation on a layer."),
    GaugeRow("system_health_status", {"component", "health_check"},
             "Latest result of a health check: 1 healthy, 0.5 warning, 0 critical, -1 unknown.")
        .Repaired("a dashboard selects a label status that does not exist; the value says it"),
    HistogramRow("system_health_check_latency_seconds", {"component", "health_check"}, kLatencySeconds,
                 "Time of a health check."),
};

/// As PredictiveCacheMetrics.
struct SystemMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kSystemRows, kName>;

  In<"system_cpu_usage_percent"> cpu_usage{*this};
  In<"system_memory_usage_bytes"> memory_usage{*this};
  In<"system_disk_usage_bytes"> disk_usage{*this};
  In<"system_network_io_bytes_total"> network_io{*this};
  In<"system_process_count"> process_count{*this};
  In<"system_process_cpu_percent"> process_cpu{*this};
  In<"system_process_memory_bytes"> process_memory{*this};
  In<"system_database_connections"> database_connections{*this};
  In<"system_database_query_time_seconds"> database_query_time{*this};
  In<"system_database_errors_total"> database_errors{*this};
  In<"cache_system_throughput_requests_per_second"> cache_throughput{*this};
  In<"cache_system_error_rate"> cache_error_rate{*this};
  In<"cache_system_response_time_seconds"> cache_response_time{*this};
  In<"system_health_status"> health_status{*this};
  In<"system_health_check_latency_seconds"> health_check_latency{*this};
};

}  // namespace cachescope::catalogue
