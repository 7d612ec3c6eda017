// PredictiveCacheKit: what a predictive cache calls to feed its families (catalogue/predictive.h) and the cross-layer
// ones.
//
//   cachescope::kits::PredictiveCacheKit kit(registry);
//   kit.RecordLookup(found, seconds);
//   kit.RecordPrediction(confidence, seconds);      // the model said what comes next
//   kit.RecordPredictionOutcome(it_came);           // later, when it is known
//   kit.RecordModelUpdate("next-key", seconds, 7);
//
// Accuracy, mean confidence, throughput and error rate are computed at scrape over KitOptions::window.
// Thread-safe; calls do not throw, lock or allocate, except at the first use of a model name or an eviction reason.
// Making a kit may throw std::bad_alloc. The gauges it computes stay in the registry after it ends.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cachescope/catalogue/predictive.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/cross_layer.h"
#include "cachescope/kits/mean.h"

namespace cachescope::kits {

class PredictiveCacheKit {
 public:
  explicit PredictiveCacheKit(Registry& registry, std::string_view layer = "predictive",
                              const KitOptions& options = {});

  /// A lookup that was answered.
  void RecordLookup(bool hit, double seconds) const noexcept {
    layer_.RecordLookup(hit, seconds);
    (hit ? hits_ : misses_).Increment();
    Count(Operation::kGet, Outcome::kSuccess, seconds);
  }
  /// Any other request: kSet, kDelete, kUpdate, or a kGet that was not answered. Other operations count in the
  /// cross-layer families alone.
  void RecordRequest(Operation operation, Outcome outcome, double seconds) const noexcept {
    layer_.RecordRequest(operation, outcome, seconds);
    Count(operation, outcome, seconds);
  }
  void RecordSizes(double request_bytes, double response_bytes) const noexcept {
    request_size_.Record(request_bytes);
    response_size_.Record(response_bytes);
  }
  /// `reason`: "capacity", "ttl", "low_confidence", …
  void RecordEviction(std::string_view reason, std::uint64_t entries = 1) noexcept;
  /// A prediction made; counts as a request of the operation "predict". `confidence` is from 0 to 1.
  void RecordPrediction(double confidence, double seconds, Outcome outcome = Outcome::kSuccess) const noexcept;
  void RecordPredictionOutcome(bool correct) const noexcept { (correct ? correct_ : wrong_).Increment(); }
  void RecordModelLoad(std::string_view model, double seconds, double version) noexcept;
  /// Sets the time of the update, too.
  void RecordModelUpdate(std::string_view model, double seconds, double version) noexcept;

  void SetSizeBytes(double bytes) const noexcept {
    size_.Set(bytes);
    layer_.SetSizeBytes(bytes);
  }
  void SetMemoryBytes(double bytes) const noexcept { memory_.Set(bytes); }
  /// 100 is one core in full.
  void SetCpuPercent(double percent) const noexcept { cpu_.Set(percent); }

  const LayerRecorder& layer() const noexcept { return layer_; }

 private:
  struct Model {
    Summary load = {};
    Summary update = {};
    Gauge version = {};
    Gauge updated = {};
  };

  void Count(Operation operation, Outcome outcome, double seconds) const noexcept {
    requests_[static_cast<std::size_t>(operation)][static_cast<std::size_t>(outcome)].Increment();
    durations_[static_cast<std::size_t>(operation)].Record(seconds);
  }
  const Model& ModelOf(std::string_view name) noexcept;
  void TakeHandles();
  void Compute(const KitOptions& options) const;

  const std::string name_;
  const LayerRecorder layer_;
  const catalogue::PredictiveCacheMetrics metrics_;
  Counter requests_[kOperationCount][kOutcomeCount];  // null for operations that are not told apart
  Histogram durations_[kOperationCount];
  Counter hits_, misses_, correct_, wrong_;
  Gauge size_, memory_, cpu_;
  Histogram request_size_, response_size_, prediction_latency_;
  const std::shared_ptr<Mean> confidence_;
  BoundedHandles<Model> models_;
  BoundedHandles<Counter> evictions_;
};

}  // namespace cachescope::kits
