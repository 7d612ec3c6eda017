// SemanticCacheKit: what a semantic cache calls to feed its families (catalogue/semantic.h) and the cross-layer ones.
//
//   cachescope::kits::SemanticCacheKit kit(registry, {.similarity_threshold = 0.9});
//   kit.RecordSearch(Outcome::kSuccess, best_similarity, seconds);
//   kit.RecordEmbedding("e5-small", texts, seconds);
//
// Thread-safe; calls do not throw, lock or allocate, except at the first use of a model name. Making a kit may throw
// std::bad_alloc.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "cachescope/catalogue/semantic.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/cross_layer.h"
#include "cachescope/kits/outcome_counters.h"

namespace cachescope::kits {

struct SemanticCacheOptions {
  std::string layer = "semantic";
  /// Least similarity that counts as a hit.
  double similarity_threshold = 0.8;
  KitOptions kit = {};
};

class SemanticCacheKit {
 public:
  explicit SemanticCacheKit(Registry& registry, const SemanticCacheOptions& options = {});

  /// A search and the similarity of the best entry, 0 to 1; NaN if there was no entry at all. At or above the threshold
  /// it is a hit. Of a search that did not succeed the similarity is ignored.
  void RecordSearch(Outcome outcome, double similarity, double seconds) const noexcept {
    searches_.Increment(outcome);
    if (outcome != Outcome::kSuccess) {
      layer_.RecordRequest(Operation::kSearch, outcome, seconds);
      return;
    }
    if (similarity == similarity) similarity_.Record(similarity);
    const bool hit = similarity >= similarity_threshold();
    (hit ? hits_ : misses_).Increment();
    layer_.RecordLookup(hit, seconds, Operation::kSearch);
  }
  void RecordStore(Outcome outcome, double seconds) const noexcept {
    stores_.Increment(outcome);
    layer_.RecordRequest(Operation::kStore, outcome, seconds);
  }
  void RecordUpdate(Outcome outcome, double seconds) const noexcept {
    updates_.Increment(outcome);
    layer_.RecordRequest(Operation::kUpdate, outcome, seconds);
  }
  /// One batch of `texts` texts turned into vectors.
  void RecordEmbedding(std::string_view model, std::size_t texts, double seconds) noexcept;
  void RecordIndexBuild(double seconds) const noexcept { index_build_.Record(seconds); }
  void RecordIndexOptimization(double seconds) const noexcept { index_optimization_.Record(seconds); }

  void SetSimilarityThreshold(double threshold) noexcept {
    threshold_.store(threshold, std::memory_order_relaxed);
    threshold_gauge_.Set(threshold);
  }
  double similarity_threshold() const noexcept { return threshold_.load(std::memory_order_relaxed); }
  void SetIndexSizeBytes(double bytes) const noexcept { index_size_.Set(bytes); }
  void SetSizeBytes(double bytes) const noexcept {
    size_.Set(bytes);
    layer_.SetSizeBytes(bytes);
  }

  const LayerRecorder& layer() const noexcept { return layer_; }

 private:
  const std::string name_;
  const LayerRecorder layer_;
  const catalogue::SemanticCacheMetrics metrics_;
  const OutcomeCounters searches_, stores_, updates_;
  const Counter hits_, misses_;
  const Gauge size_, index_size_, threshold_gauge_, batch_size_;
  const Histogram similarity_;
  const Summary index_build_, index_optimization_;
  std::atomic<double> threshold_{0};
  BoundedHandles<Histogram> embedding_;
};

}  // namespace cachescope::kits
