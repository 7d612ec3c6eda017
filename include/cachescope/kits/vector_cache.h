// VectorCacheKit: what a vector cache calls to feed its families (catalogue/vector.h) and the cross-layer ones.
//
//   cachescope::kits::VectorCacheKit kit(registry, {.dimensionality = 384, .metric = "cosine", .index_type = "hnsw"});
//   kit.SetIndexParameter("m", 16);
//   kit.RecordSearch(Outcome::kSuccess, best_similarity, seconds);
//   kit.RecordAdd(Outcome::kSuccess, vectors, seconds);
//
// The similarity of a search counts under the kit's measure, its time under the index in use then.
// Thread-safe; calls do not throw, lock or allocate, except those that set up the index. Making a kit may throw
// std::bad_alloc.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "cachescope/catalogue/vector.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/cross_layer.h"
#include "cachescope/kits/outcome_counters.h"

namespace cachescope::kits {

struct VectorCacheOptions {
  std::string layer = "vector";
  /// Numbers in a vector.
  std::size_t dimensionality = 0;
  /// Measure of similarity: "cosine", "dot", "l2", …
  std::string metric = "cosine";
  /// "flat", "hnsw", "ivf", …
  std::string index_type = "flat";
  /// Least similarity that counts as a hit.
  double similarity_threshold = 0.8;
  KitOptions kit = {};
};

class VectorCacheKit {
 public:
  explicit VectorCacheKit(Registry& registry, const VectorCacheOptions& options = {});

  /// As SemanticCacheKit::RecordSearch.
  void RecordSearch(Outcome outcome, double similarity, double seconds) const noexcept;
  /// Several searches came in one call; record each of them as well.
  void RecordSearchBatch() const noexcept { batches_[kSearch].Increment(); }
  /// Writes of `vectors` vectors; more than one is a batch.
  void RecordAdd(Outcome outcome, std::size_t vectors, double seconds) const noexcept {
    RecordWrite(kAdd, Operation::kAdd, outcome, vectors, seconds);
  }
  void RecordUpdate(Outcome outcome, std::size_t vectors, double seconds) const noexcept {
    RecordWrite(kUpdate, Operation::kUpdate, outcome, vectors, seconds);
  }
  void RecordDelete(Outcome outcome, std::size_t vectors, double seconds) const noexcept {
    RecordWrite(kDelete, Operation::kDelete, outcome, vectors, seconds);
  }
  void RecordIndexBuild(double seconds) const noexcept { index_build_.Record(seconds); }

  /// Another kind of index; the series of the one before leaves the exposition.
  void SetIndexType(std::string_view type) noexcept;
  void SetIndexParameter(std::string_view name, double value) noexcept;
  /// A parameter whose value is a word; the series of the word before leaves the exposition. At most
  /// KitOptions::max_values names; later ones are ignored.
  void SetIndexSetting(std::string_view name, std::string_view value) noexcept;
  void SetDimensionality(std::size_t numbers) const noexcept { dimensionality_.Set(static_cast<double>(numbers)); }
  void SetSimilarityThreshold(double value) noexcept { threshold_.store(value, std::memory_order_relaxed); }
  void SetSizeBytes(double bytes) const noexcept {
    size_.Set(bytes);
    layer_.SetSizeBytes(bytes);
  }

  const LayerRecorder& layer() const noexcept { return layer_; }

 private:
  enum Write { kAdd, kUpdate, kDelete, kSearch };

  void RecordWrite(Write kind, Operation operation, Outcome outcome, std::size_t vectors,
                   double seconds) const noexcept {
    writes_[kind].Increment(outcome);
    if (vectors > 1) batches_[kind].Increment();
    layer_.RecordRequest(operation, outcome, seconds);
  }

  const std::string name_;
  const LayerRecorder layer_;
  const catalogue::VectorCacheMetrics metrics_;
  const OutcomeCounters searches_;
  const OutcomeCounters writes_[3];
  const Counter batches_[4];
  const Counter hits_, misses_;
  const Gauge size_, dimensionality_;
  const Histogram similarity_;
  const Summary index_build_;
  std::atomic<double> threshold_;
  std::atomic<const Histogram*> latency_{nullptr};  // of the index in use; owned by latencies_
  BoundedHandles<Histogram> latencies_;
  BoundedHandles<Gauge> parameters_;
  const std::size_t max_settings_;
  std::mutex mu_;
  // Guarded by mu_.
  std::string index_type_;
  std::map<std::string, std::string, std::less<>> settings_;
};

}  // namespace cachescope::kits
