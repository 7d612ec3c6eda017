// LayerRecorder: feeds the families that cover all cache layers (catalogue/cross_layer.h) and the system's view of them
// (cache_system_*) for one layer. Every layer kit has one; a cache of your own can have one too.
//
//   cachescope::kits::LayerRecorder layer(registry, "sessions");
//   layer.RecordLookup(found, seconds);
//   layer.SetSizeBytes(bytes);
//
//   cache_requests_total{cache_layer,status}                    RecordLookup, RecordRequest
//   cache_hits_total, cache_misses_total{cache_layer}           RecordLookup, RecordHits, RecordMisses
//   cache_size_bytes{cache_layer}                               SetSizeBytes, AddSizeBytes
//   cache_response_time{cache_layer}                            seconds of RecordLookup and RecordRequest
//   cache_system_response_time_seconds{cache_layer,operation}   the same, by operation
//   cache_system_throughput_requests_per_second{cache_layer}    computed from the request counter over the window
//   cache_system_error_rate{cache_layer}                        errors and failures over requests, over the window
//
// Thread-safe; copies write to the same series; recorders of one layer add up. Making one takes locks and allocates;
// recording does neither: about 2 ns without a time, 9 ns with one.
// If the registry has these names with other labels (two-tier or library families without a namespace) the recorder
// keeps nothing there; Registry::Errors() says so.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "cachescope/counter.h"
#include "cachescope/gauge.h"
#include "cachescope/histogram.h"
#include "cachescope/kits/options.h"
#include "cachescope/registry.h"

namespace cachescope::kits {

class LayerRecorder {
 public:
  /// Keeps nothing.
  LayerRecorder() noexcept = default;
  /// `operations` are those whose times are told apart; others count in cache_response_time alone.
  LayerRecorder(Registry& registry, std::string_view layer, std::initializer_list<Operation> operations,
                const KitOptions& options = {}) noexcept;
  LayerRecorder(Registry& registry, std::string_view layer, const KitOptions& options = {}) noexcept
      : LayerRecorder(registry, layer, {Operation::kGet, Operation::kSet, Operation::kDelete}, options) {}

  /// A lookup that was answered, with an entry or without.
  void RecordLookup(bool hit, double seconds, Operation operation = Operation::kGet) const noexcept {
    RecordLookup(hit);
    RecordSeconds(operation, seconds);
  }
  /// The same when its time was not taken.
  void RecordLookup(bool hit) const noexcept {
    requests_[0].Increment();
    (hit ? hits_ : misses_).Increment();
  }
  /// Any other request, and a lookup that was not answered.
  void RecordRequest(Operation operation, Outcome outcome, double seconds) const noexcept {
    RecordRequest(outcome);
    RecordSeconds(operation, seconds);
  }
  void RecordRequest(Outcome outcome) const noexcept { requests_[static_cast<std::size_t>(outcome)].Increment(); }
  void RecordSeconds(Operation operation, double seconds) const noexcept {
    response_time_.Record(seconds);
    by_operation_[static_cast<std::size_t>(operation)].Record(seconds);
  }

  /// Lookups counted elsewhere, added in bulk.
  void RecordHits(std::uint64_t lookups) const noexcept { hits_.Increment(lookups); }
  void RecordMisses(std::uint64_t lookups) const noexcept { misses_.Increment(lookups); }

  void SetSizeBytes(double bytes) const noexcept { size_.Set(bytes); }
  void AddSizeBytes(double bytes) const noexcept { size_.Add(bytes); }

  /// For kits whose own gauges are computed from the same counters.
  const Counter& requests(Outcome outcome) const noexcept { return requests_[static_cast<std::size_t>(outcome)]; }
  const Counter& hits() const noexcept { return hits_; }
  const Counter& misses() const noexcept { return misses_; }

 private:
  Counter requests_[kOutcomeCount];
  Counter hits_;
  Counter misses_;
  Gauge size_;
  Histogram response_time_;
  Histogram by_operation_[kOperationCount];  // null for operations that are not told apart
};

}  // namespace cachescope::kits
