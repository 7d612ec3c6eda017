// Families of the vector diary: what happened before, kept as vectors, weighed by importance, archived when old.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kDiaryRows[] = {
    CounterRow("vector_diary_add_requests_total", {"cache_layer", "status"}, "Entries written, by outcome."),
    CounterRow("vector_diary_search_requests_total", {"cache_layer", "status"}, "Searches, by outcome."),
    CounterRow("vector_diary_update_requests_total", {"cache_layer", "status"}, "Entries rewritten, by outcome."),
    CounterRow("vector_diary_delete_requests_total", {"cache_layer", "status"}, "Entries taken out, by outcome."),
    GaugeRow("vector_diary_cache_size_bytes", {"cache_layer"}, "Bytes held now."),
    GaugeRow("vector_diary_entries", {"cache_layer"}, "Entries held now, without archived ones."),
    CounterRow("vector_diary_pattern_analysis_requests_total", {"cache_layer", "status"},
               "Searches for patterns among entries, by outcome."),
    HistogramRow("vector_diary_pattern_analysis_latency_seconds", {"cache_layer"}, kLatencySeconds,
                 "Time of one search for patterns."),
    CounterRow("vector_diary_pattern_discoveries_total", {"cache_layer", "pattern_type"},
               "Patterns found, by their kind."),
    HistogramRow("vector_diary_importance_scores", {"cache_layer"}, kScores,
                 "Importance of entries when written, 0 to 1."),
    GaugeRow("vector_diary_importance_threshold", {"cache_layer"}, "Least importance at which an entry is kept."),
    CounterRow("vector_diary_archive_requests_total", {"cache_layer", "status"}, "Runs of archiving, by outcome."),
    HistogramRow("vector_diary_archive_latency_seconds", {"cache_layer"}, kLatencySeconds,
                 "Time of one run of archiving."),
    GaugeRow("vector_diary_archived_entries", {"cache_layer"}, "Entries in the archive."),
};

/// As PredictiveCacheMetrics.
struct VectorDiaryMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kDiaryRows, kName>;

  In<"vector_diary_add_requests_total"> add_requests{*this};
  In<"vector_diary_search_requests_total"> search_requests{*this};
  In<"vector_diary_update_requests_total"> update_requests{*this};
  In<"vector_diary_delete_requests_total"> delete_requests{*this};
  In<"vector_diary_cache_size_bytes"> cache_size{*this};
  In<"vector_diary_entries"> entries{*this};
  In<"vector_diary_pattern_analysis_requests_total"> pattern_analysis_requests{*this};
  In<"vector_diary_pattern_analysis_latency_seconds"> pattern_analysis_latency{*this};
  In<"vector_diary_pattern_discoveries_total"> pattern_discoveries{*this};
  In<"vector_diary_importance_scores"> importance_scores{*this};
  In<"vector_diary_importance_threshold"> importance_threshold{*this};
  In<"vector_diary_archive_requests_total"> archive_requests{*this};
  In<"vector_diary_archive_latency_seconds"> archive_latency{*this};
  In<"vector_diary_archived_entries"> archived_entries{*this};
};

}  // namespace cachescope::catalogue
