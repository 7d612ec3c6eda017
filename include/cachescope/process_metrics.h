// Metrics of the process itself, under the names every Prometheus client uses:
//   process_cpu_seconds_total        user and system time
//   process_resident_memory_bytes, process_virtual_memory_bytes, process_virtual_memory_max_bytes
//   process_open_fds, process_max_fds
//   process_start_time_seconds       since the Unix epoch
//   process_threads
// Read from /proc at each scrape; where a file cannot be read its metrics are absent. No namespace or constant label is
// put on them. https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
#pragma once

#include <cstdint>
#include <vector>

#include "cachescope/registry.h"

namespace cachescope {

/// Registers them; the id is for Registry::RemoveCollector.
std::uint64_t AddProcessMetrics(Registry& registry);

/// Appends them as they are now.
void CollectProcessMetrics(std::vector<FamilySnapshot>* out);

}  // namespace cachescope
