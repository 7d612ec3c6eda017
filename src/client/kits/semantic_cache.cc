#include "cachescope/kits/semantic_cache.h"

namespace cachescope::kits {

SemanticCacheKit::SemanticCacheKit(Registry& registry, const SemanticCacheOptions& options)
    : name_(options.layer),
      layer_(registry, name_, {Operation::kSearch, Operation::kStore, Operation::kUpdate}, options.kit),
      metrics_(registry),
      searches_(metrics_.search_requests, name_),
      stores_(metrics_.store_requests, name_),
      updates_(metrics_.update_requests, name_),
      hits_(metrics_.hits.With(name_)),
      misses_(metrics_.misses.With(name_)),
      size_(metrics_.size.With(name_)),
      index_size_(metrics_.index_size.With(name_)),
      threshold_gauge_(metrics_.similarity_threshold.With(name_)),
      batch_size_(metrics_.embedding_batch_size.With(name_)),
      similarity_(metrics_.similarity_score.With(name_)),
      index_build_(metrics_.index_build.With(name_)),
      index_optimization_(metrics_.index_optimization.With(name_)),
      embedding_(registry, "model_name", options.kit.max_values) {
  SetSimilarityThreshold(options.similarity_threshold);
}

void SemanticCacheKit::RecordEmbedding(std::string_view model, std::size_t texts, double seconds) noexcept {
  embedding_.For(model, [&](std::string_view text) { return metrics_.embedding_generation.With(name_, text); })
      .Record(seconds);
  batch_size_.Set(static_cast<double>(texts));
}

}  // namespace cachescope::kits
