// Families of the semantic cache: answers found by the meaning of a question.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kSemanticRows[] = {
    CounterRow("semantic_cache_search_requests_total", {"cache_layer", "status"}, "Searches by meaning, by outcome."),
    CounterRow("semantic_cache_store_requests_total", {"cache_layer", "status"}, "Entries stored, by outcome."),
    CounterRow("semantic_cache_update_requests_total", {"cache_layer", "status"}, "Entries replaced, by outcome."),
    CounterRow("semantic_cache_hits_total", {"cache_layer"}, "Searches with an entry at or above the threshold."),
    CounterRow("semantic_cache_misses_total", {"cache_layer"}, "Searches without one."),
    GaugeRow("semantic_cache_size_bytes", {"cache_layer"}, "Bytes held now."),
    HistogramRow("semantic_cache_similarity_score", {"cache_layer"}, kScores,
                 "Similarity of the best entry of a search, 0 to 1."),
    GaugeRow("semantic_cache_similarity_threshold", {"cache_layer"}, "Least similarity that counts as a hit."),
    HistogramRow("semantic_cache_embedding_generation_seconds", {"cache_layer", "model_name"}, kLatencySeconds,
                 "Time to compute the embeddings of one batch."),
    GaugeRow("semantic_cache_embedding_batch_size", {"cache_layer"}, "Texts in the latest batch of embeddings."),
    GaugeRow("semantic_cache_index_size_bytes", {"cache_layer"}, "Bytes of the index."),
    SummaryRow("semantic_cache_index_build_seconds", {"cache_layer"}, "Time to build the index."),
    SummaryRow("semantic_cache_index_optimization_seconds", {"cache_layer"}, "Time to optimise the index."),
};

/// As PredictiveCacheMetrics.
struct SemanticCacheMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kSemanticRows, kName>;

  In<"semantic_cache_search_requests_total"> search_requests{*this};
  In<"semantic_cache_store_requests_total"> store_requests{*this};
  In<"semantic_cache_update_requests_total"> update_requests{*this};
  In<"semantic_cache_hits_total"> hits{*this};
  In<"semantic_cache_misses_total"> misses{*this};
  In<"semantic_cache_size_bytes"> size{*this};
  In<"semantic_cache_similarity_score"> similarity_score{*this};
  In<"semantic_cache_similarity_threshold"> similarity_threshold{*this};
  In<"semantic_cache_embedding_generation_seconds"> embedding_generation{*this};
  In<"semantic_cache_embedding_batch_size"> embedding_batch_size{*this};
  In<"semantic_cache_index_size_bytes"> index_size{*this};
  In<"semantic_cache_index_build_seconds"> index_build{*this};
  In<"semantic_cache_index_optimization_seconds"> index_optimization{*this};
};

}  // namespace cachescope::catalogue
