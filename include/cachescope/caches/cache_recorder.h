// CacheRecorder: the numbers of one cache. Holds the handles, taken once; the calls that a lookup makes are inline.
//
// Families, after the registry's namespace and subsystem; `cache_tier` and `cache_name` come from the options. Those
// that catalogue/two_tier.h has are the same families:
//   cache_operations_total{operation_type,cache_tier,cache_name}   get, set, delete, clear, load, cleanup; also failed
//   cache_hits_total, cache_misses_total{cache_tier,cache_name}    hits + misses + failed gets = gets
//   cache_errors_total{error_type,cache_tier}                      ErrorName() in outcome.h
//   cache_operation_duration_seconds{operation_type,cache_tier}    of the operations the latency policy chose
//   cache_evictions_total{cache_tier,cache_name}                   entries, as in the three below
//   cache_expirations_total, cache_invalidations_total{cache_tier,cache_name}
//   cache_promotions_total{cache_tier,cache_name}                  copied into this tier from a lower one
//   cache_cleanup_runs_total, cache_cleanup_removed_entries_total{cache_tier,cache_name}
//   cache_value_size_bytes{cache_tier,cache_name}                  histogram of the values written
//   cache_size_entries, cache_memory_usage_bytes{cache_tier,cache_name}
//   cache_memory_usage_percent{cache_tier,cache_name}              of what the cache may use
//   cache_hit_rate{cache_tier,cache_name}                          percent of the lookups in the window; NaN without
// With a layer also those of kits/cross_layer.h.
//
// Thread-safe. Recording a lookup: about 2 ns. Several recorders of one registry, tier and name share the series:
// counts add up, and so do their sizes at scrape. Gauges leave the exposition when the last of these recorders ends;
// counters stay, as they must not fall. The registry must outlive the recorder.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cachescope/caches/outcome.h"
#include "cachescope/counter.h"
#include "cachescope/histogram.h"
#include "cachescope/kits/cross_layer.h"
#include "cachescope/registry.h"

namespace cachescope::client {
struct CacheGauges;
}  // namespace cachescope::client

namespace cachescope::caches {

/// 100 ns to 5 s, 20 bounds in seconds: hits in memory take a tenth of a microsecond, a distant store seconds. Those of
/// the same family in catalogue/two_tier.h are among them, so its rules and dashboards fit.
std::vector<double> CacheDurationBuckets();

struct CacheOptions {
  std::string name = "default";
  /// "l1", "l2", "multi": any text.
  std::string tier = "l1";
  /// Counts the cache as part of a layer, too, e.g. kits::LayerRecorder(layers, "semantic"). `layers` is another
  /// registry than the cache's, or one with another namespace, because families of both have the same names and other
  /// labels. A timeout or a lost connection counts there as "failed", other errors as "error". Null by default.
  kits::LayerRecorder layer = {};
  /// Of cache_operation_duration_seconds. Empty takes what the registry's family has (a TwoTierKit may have made it),
  /// or makes it with CacheDurationBuckets(). Bounds given here must be the family's: one registry has one set.
  std::vector<double> duration_buckets = {};
  /// Of cache_hit_rate.
  std::chrono::seconds hit_rate_window{300};
};

/// Where the gauges get a cache's size from, at scrape; a null function leaves the gauge out.
struct SizeSource {
  std::function<double()> entries = {};
  std::function<double()> bytes = {};
  /// Bytes the cache may use at most.
  std::function<double()> capacity_bytes = {};
};

class CacheRecorder {
 public:
  CacheRecorder(Registry& registry, const CacheOptions& options = {});
  ~CacheRecorder();
  CacheRecorder(const CacheRecorder&) = delete;
  CacheRecorder& operator=(const CacheRecorder&) = delete;

  /// A get that ended, and for kError why.
  void RecordLookup(LookupOutcome outcome, CacheError error = CacheError::kNone) const noexcept {
    operations_[0].Increment();
    lookups_[static_cast<std::size_t>(outcome)].Increment();
    if (has_layer_) RecordLayerLookup(outcome, error);
    if (error != CacheError::kNone) [[unlikely]]
      RecordFailure(error);
  }
  /// Any other operation that ended, well or with an error.
  void RecordOperation(CacheOperation operation, CacheError error = CacheError::kNone) const noexcept {
    operations_[static_cast<std::size_t>(operation)].Increment();
    if (has_layer_) RecordLayerOperation(operation, error);
    if (error != CacheError::kNone) [[unlikely]]
      RecordFailure(error);
  }
  void RecordDuration(CacheOperation operation, double seconds) const noexcept {
    durations_[static_cast<std::size_t>(operation)].Record(seconds);
    if (has_layer_) RecordLayerDuration(operation, seconds);
  }
  void RecordValueSize(std::uint64_t bytes) const noexcept { value_sizes_.Record(static_cast<double>(bytes)); }

  /// Entries that left by themselves; kErased, kReplaced and kCleared are operations and counted as such.
  void RecordRemoval(RemovalCause cause) const noexcept {
    if (cause == RemovalCause::kEvicted) evictions_.Increment();
    if (cause == RemovalCause::kExpired) expirations_.Increment();
  }
  void RecordEvictions(std::uint64_t entries) const noexcept { evictions_.Increment(entries); }
  void RecordExpirations(std::uint64_t entries) const noexcept { expirations_.Increment(entries); }
  void RecordInvalidations(std::uint64_t entries) const noexcept { invalidations_.Increment(entries); }
  void RecordPromotions(std::uint64_t entries) const noexcept { promotions_.Increment(entries); }
  /// A run that looked for dead entries and removed `entries`.
  void RecordCleanup(std::uint64_t entries, double seconds) const noexcept;

  /// Replaces the source of this recorder's sizes. The functions are called by the scraping thread, one at a time, and
  /// not after this call or the destructor returns: do not hold a lock they take while calling either. Calls from one
  /// thread at a time.
  void SetSizeSource(const SizeSource& source) noexcept;

  const CacheOptions& options() const noexcept { return options_; }

 private:
  void AddOperations();
  void RecordLayerLookup(LookupOutcome outcome, CacheError error) const noexcept;
  void RecordLayerOperation(CacheOperation operation, CacheError error) const noexcept;
  void RecordLayerDuration(CacheOperation operation, double seconds) const noexcept;
  [[gnu::cold]] void RecordFailure(CacheError error) const noexcept;

  // Constant after construction.
  const CacheOptions options_;
  Registry& registry_;
  Counter operations_[kOperationCount];
  Counter lookups_[3];  // by outcome; of kError null
  const bool has_layer_;
  Counter errors_[kErrorCount];
  Counter evictions_, expirations_, invalidations_, promotions_, cleanup_runs_, cleanup_removed_;
  Histogram durations_[kOperationCount];
  Histogram value_sizes_;

  std::unique_ptr<client::CacheGauges> gauges_;
};

}  // namespace cachescope::caches
