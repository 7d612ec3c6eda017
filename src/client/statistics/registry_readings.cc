#include "client/statistics/registry_readings.h"

#include <cmath>
#include <string_view>

namespace cachescope::client {
namespace {

struct KnownFamily {
  std::string_view name;
  double CacheReading::*field;
};

constexpr KnownFamily kKnown[] = {
    {"cache_hits_total", &CacheReading::hits},
    {"cache_misses_total", &CacheReading::misses},
    {"cache_evictions_total", &CacheReading::evictions},
    {"cache_expirations_total", &CacheReading::expirations},
    {"cache_cleanup_runs_total", &CacheReading::cleanup_runs},
    {"cache_cleanup_removed_entries_total", &CacheReading::cleanup_removed},
    {"cache_size_entries", &CacheReading::entries},
    {"cache_memory_usage_bytes", &CacheReading::bytes},
    {"cache_memory_usage_percent", &CacheReading::capacity_bytes},  // turned into bytes below
    {"cache_operations_total", &CacheReading::errors},  // gets, of which hits and misses are taken off below
};

bool Matches(std::string_view name, std::string_view known) noexcept {
  return name.ends_with(known) && (name.size() == known.size() || name[name.size() - known.size() - 1] == '_');
}

std::string_view LabelOf(const SeriesSnapshot& series, std::string_view name) noexcept {
  for (const LabelPair& label : series.labels) {
    if (label.name == name) return label.value;
  }
  return {};
}

void AddSeries(const KnownFamily& known, const SeriesSnapshot& series, std::map<std::string, CacheReading>* caches) {
  const std::string_view name = LabelOf(series, "cache_name");
  if (name.empty()) return;
  if (known.field == &CacheReading::errors && LabelOf(series, "operation_type") != "get") return;
  std::string key(LabelOf(series, "cache_tier"));
  if (!key.empty()) key.push_back('/');
  double& value = (*caches)[key.append(name)].*known.field;
  value = std::isnan(value) ? series.value : value + series.value;
}

}  // namespace

std::map<std::string, CacheReading> ReadCaches(const std::vector<FamilySnapshot>& families) {
  std::map<std::string, CacheReading> caches;
  for (const FamilySnapshot& family : families) {
    for (const KnownFamily& known : kKnown) {
      if (!Matches(family.name, known.name)) continue;
      for (const SeriesSnapshot& series : family.series) AddSeries(known, series, &caches);
    }
  }
  for (auto& [name, reading] : caches) {
    // A get in progress may be counted and its outcome not yet.
    reading.errors = std::fmax(0, reading.errors - reading.hits - reading.misses);
    const double percent = reading.capacity_bytes;
    reading.capacity_bytes = percent > 0 ? reading.bytes / percent * 100 : std::nan("");
  }
  return caches;
}

}  // namespace cachescope::client
