// Families of the vector cache: nearest neighbours among vectors.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kVectorRows[] = {
    CounterRow("vector_cache_search_requests_total", {"cache_layer", "status"}, "Neighbour searches, by outcome."),
    CounterRow("vector_cache_add_requests_total", {"cache_layer", "status"}, "Vectors added, by outcome."),
    CounterRow("vector_cache_update_requests_total", {"cache_layer", "status"}, "Vectors replaced, by outcome."),
    CounterRow("vector_cache_delete_requests_total", {"cache_layer", "status"}, "Vectors taken out, by outcome."),
    CounterRow("vector_cache_hits_total", {"cache_layer"}, "Searches with a neighbour near enough."),
    CounterRow("vector_cache_misses_total", {"cache_layer"}, "Searches without one."),
    GaugeRow("vector_cache_size_bytes", {"cache_layer"}, "Bytes held now."),
    GaugeRow("vector_cache_dimensionality", {"cache_layer"}, "Numbers in a vector."),
    HistogramRow("vector_cache_similarity_score", {"cache_layer", "metric"}, kScores,
                 "Similarity of the best neighbour, 0 to 1, by measure: cosine, dot, l2 or another."),
    GaugeRow("vector_cache_index_type", {"cache_layer", "index_type"},
             "Always 1; the label says which kind of index is in use.")
        .Repaired("a bare number cannot say a type: the label index_type does, the value is 1"),
    GaugeRow("vector_cache_index_parameters", {"cache_layer", "parameter"},
             "Numeric parameters of the index, such as m or ef_construction."),
    SummaryRow("vector_cache_index_build_seconds", {"cache_layer"}, "Time to build the index."),
    HistogramRow("vector_cache_search_latency_seconds", {"cache_layer", "index_type"}, kLatencySeconds,
                 "Time of a neighbour search, by kind of index."),
    CounterRow("vector_cache_batch_operations_total", {"cache_layer", "operation_type"},
               "Batches, by what they did: add, update, delete or search."),
    GaugeRow("vector_cache_index_settings", {"cache_layer", "parameter", "value"},
             "Always 1; parameters of the index whose value is a word, such as metric=cosine.")
        .Added("a bare number cannot say a word: the label value does, the value is 1"),
};

/// As PredictiveCacheMetrics.
struct VectorCacheMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kVectorRows, kName>;

  In<"vector_cache_search_requests_total"> search_requests{*this};
  In<"vector_cache_add_requests_total"> add_requests{*this};
  In<"vector_cache_update_requests_total"> update_requests{*this};
  In<"vector_cache_delete_requests_total"> delete_requests{*this};
  In<"vector_cache_hits_total"> hits{*this};
  In<"vector_cache_misses_total"> misses{*this};
  In<"vector_cache_size_bytes"> size{*this};
  In<"vector_cache_dimensionality"> dimensionality{*this};
  In<"vector_cache_similarity_score"> similarity_score{*this};
  In<"vector_cache_index_type"> index_type{*this};
  In<"vector_cache_index_parameters"> index_parameters{*this};
  In<"vector_cache_index_build_seconds"> index_build{*this};
  In<"vector_cache_search_latency_seconds"> search_latency{*this};
  In<"vector_cache_batch_operations_total"> batch_operations{*this};
  In<"vector_cache_index_settings"> index_settings{*this};
};

}  // namespace cachescope::catalogue
