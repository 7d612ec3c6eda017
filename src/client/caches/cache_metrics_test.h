// Reads numbers out of a registry, for tests.
#pragma once

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "cachescope/registry.h"

namespace cachescope::caches {

using Wanted = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// The series of `family` that has all `wanted` labels (and perhaps others); null if there is none.
inline const SeriesSnapshot* FindSeriesForTest(const std::vector<FamilySnapshot>& families, std::string_view family,
                                               Wanted wanted) {
  for (const FamilySnapshot& candidate : families) {
    if (candidate.name != family) continue;
    for (const SeriesSnapshot& series : candidate.series) {
      bool all = true;
      for (const auto& [name, value] : wanted) {
        bool has = false;
        for (const LabelPair& label : series.labels) has = has || (label.name == name && label.value == value);
        all = all && has;
      }
      if (all) return &series;
    }
  }
  return nullptr;
}

/// The value of a counter or gauge; -1 if there is no such series.
inline double ValueOf(const Registry& registry, std::string_view family, Wanted wanted) {
  const auto families = registry.Collect();
  const SeriesSnapshot* series = FindSeriesForTest(families, family, wanted);
  return series == nullptr ? -1 : series->value;
}

/// Values in a histogram; -1 if there is no such series.
inline double CountOf(const Registry& registry, std::string_view family, Wanted wanted) {
  const auto families = registry.Collect();
  const SeriesSnapshot* series = FindSeriesForTest(families, family, wanted);
  return series == nullptr || series->buckets.empty() ? -1
                                                      : static_cast<double>(series->buckets.back().cumulative_count);
}

inline double SumOf(const Registry& registry, std::string_view family, Wanted wanted) {
  const auto families = registry.Collect();
  const SeriesSnapshot* series = FindSeriesForTest(families, family, wanted);
  return series == nullptr ? -1 : series->sum;
}

// Of caches of one tier.
inline double Operations(const Registry& registry, std::string_view operation, std::string_view name = "c") {
  return ValueOf(registry, "cache_operations_total", {{"operation_type", operation}, {"cache_name", name}});
}
inline double Hits(const Registry& registry, std::string_view name = "c") {
  return ValueOf(registry, "cache_hits_total", {{"cache_name", name}});
}
inline double Misses(const Registry& registry, std::string_view name = "c") {
  return ValueOf(registry, "cache_misses_total", {{"cache_name", name}});
}
inline double Errors(const Registry& registry, std::string_view type) {
  return ValueOf(registry, "cache_errors_total", {{"error_type", type}});
}

}  // namespace cachescope::caches
