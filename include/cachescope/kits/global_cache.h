// GlobalCacheKit: what a cache shared by all nodes calls to feed its families (catalogue/global.h) and the cross-layer
// ones.
//
//   cachescope::kits::GlobalCacheKit kit(registry);
//   kit.RecordSearch(Outcome::kSuccess, found, confidence, seconds);
//   kit.RecordSync(Outcome::kSuccess, seconds);
//
// The share of syncs that succeed is computed at scrape over KitOptions::window.
// Thread-safe; calls do not throw, lock or allocate. Making a kit may throw std::bad_alloc.
#pragma once

#include <atomic>
#include <string>

#include "cachescope/catalogue/global.h"
#include "cachescope/kits/cross_layer.h"
#include "cachescope/kits/outcome_counters.h"

namespace cachescope::kits {

class GlobalCacheKit {
 public:
  explicit GlobalCacheKit(Registry& registry, std::string_view layer = "global", const KitOptions& options = {});

  /// A search; `confidence` of the entry found, 0 to 1.
  void RecordSearch(Outcome outcome, bool hit, double confidence, double seconds) const noexcept {
    searches_.Increment(outcome);
    if (outcome != Outcome::kSuccess) {
      layer_.RecordRequest(Operation::kSearch, outcome, seconds);
      return;
    }
    (hit ? hits_ : misses_).Increment();
    if (hit) confidence_.Record(confidence);
    layer_.RecordLookup(hit, seconds, Operation::kSearch);
  }
  /// A write of one entry and the confidence in it.
  void RecordUpdate(Outcome outcome, double confidence, double seconds) const noexcept {
    updates_.Increment(outcome);
    if (outcome == Outcome::kSuccess) confidence_.Record(confidence);
    layer_.RecordRequest(Operation::kUpdate, outcome, seconds);
  }
  /// A sync that has just ended.
  void RecordSync(Outcome outcome, double seconds) noexcept;
  void RecordValidation(Outcome outcome, double seconds) const noexcept {
    validations_.Increment(outcome);
    validation_latency_.Record(seconds);
    layer_.RecordRequest(Operation::kValidate, outcome, seconds);
  }

  void SetKnowledgeEntries(double entries) const noexcept { entries_.Set(entries); }
  void SetSizeBytes(double bytes) const noexcept {
    size_.Set(bytes);
    layer_.SetSizeBytes(bytes);
  }

  const LayerRecorder& layer() const noexcept { return layer_; }

 private:
  const std::string name_;
  const LayerRecorder layer_;
  const catalogue::GlobalCacheMetrics metrics_;
  const OutcomeCounters searches_, updates_, syncs_, validations_;
  const Counter hits_, misses_;
  const Gauge size_, entries_, sync_frequency_;
  const Histogram confidence_, sync_latency_, validation_latency_;
  double (*const now_)() noexcept;
  std::atomic<double> last_sync_;  // NaN before the first
};

}  // namespace cachescope::kits
