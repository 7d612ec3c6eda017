// What some metrics need to be exported at all. Facts about exporters, from their own option lists.
#include "server/rules/selector_check.h"

namespace cachescope::rules {
namespace {

struct Hint {
  std::string_view metric;  // a trailing * stands for any ending
  std::string_view text;
};

constexpr Hint kHints[] = {
    {"redis_total_system_memory_bytes", "redis_exporter exports it only with --include-system-metrics"},
    {"redis_config_*", "redis_exporter exports it only with --include-config-metrics"},
    {"redis_key_size", "redis_exporter exports it only for keys named with --check-keys or --check-single-keys"},
    {"redis_key_value*", "redis_exporter exports it only for keys named with --check-keys or --check-single-keys"},
    {"redis_keys_count", "redis_exporter exports it only for patterns given with --count-keys"},
    {"redis_key_group_*", "redis_exporter exports it only for groups given with --check-key-groups"},
    {"redis_number_of_distinct_key_groups", "redis_exporter exports it only for groups given with --check-key-groups"},
    {"redis_stream_*",
     "redis_exporter exports it only for streams named with --check-streams or "
     "--check-single-streams"},
    {"redis_connected_client_*", "redis_exporter exports it only with --export-client-list"},
    {"redis_script_*", "redis_exporter exports it only for scripts given with --script"},
    {"redis_search_index_*", "redis_exporter exports it only with --check-search-indexes"},
    {"redis_cluster_*", "Redis reports it only when it runs as a cluster"},
    {"redis_slave_*", "redis_exporter exports it only for a Redis that is a replica"},
    {"redis_sentinel_*", "redis_exporter exports it only for a Sentinel"},
};

}  // namespace

std::string_view ExportHint(std::string_view metric) noexcept {
  for (const Hint& hint : kHints) {
    if (hint.metric.back() == '*' ? metric.starts_with(hint.metric.substr(0, hint.metric.size() - 1))
                                  : metric == hint.metric) {
      return hint.text;
    }
  }
  return {};
}

}  // namespace cachescope::rules
