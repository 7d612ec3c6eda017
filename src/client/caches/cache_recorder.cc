#include "cachescope/caches/cache_recorder.h"

#include <mutex>
#include <utility>

#include "client/caches/gauge_part.h"
#include "client/caches/hit_rate_window.h"

namespace cachescope::client {

// What a recorder computes at scrape.
struct CacheGauges {
  CacheGauges(Registry& registry, const caches::CacheOptions& options, Counter hit_counter, Counter miss_counter)
      : hits(hit_counter),
        misses(miss_counter),
        window(options.hit_rate_window, std::chrono::steady_clock::now(), {hits.Value(), misses.Value()}),
        hit_rate(registry,
                 Spec(options, "cache_hit_rate", "Lookups that hit, in percent, over the last minutes.", true),
                 [this] { return HitRate(); }) {}

  static GaugePartSpec Spec(const caches::CacheOptions& options, const char* name, const char* help,
                            bool percent = false) {
    return {.name = name,
            .help = help,
            .labels = {"cache_tier", "cache_name"},
            .values = {options.tier, options.name},
            .percent = percent};
  }

  // Called by one scrape at a time.
  GaugePart::Amount HitRate() {
    const auto counts = window.Update(std::chrono::steady_clock::now(), {hits.Value(), misses.Value()});
    return {counts.hits, counts.hits + counts.misses};
  }

  const Counter hits, misses;
  HitRateWindow window;
  GaugePart hit_rate;
  std::unique_ptr<GaugePart> entries, bytes, percent;
};

}  // namespace cachescope::client

namespace cachescope::caches {
namespace {

using client::CacheGauges;
using client::GaugePart;

HistogramFamily DurationFamily(Registry& registry, const CacheOptions& options) {
  const bool given = !options.duration_buckets.empty();
  return registry.Histogram({.name = "cache_operation_duration_seconds",
                             .help = "Time of an operation on the cache.",
                             .buckets = given ? options.duration_buckets : CacheDurationBuckets(),
                             .labels = {"operation_type", "cache_tier"},
                             .buckets_if_new = !given});
}

Counter PerCache(Registry& registry, const CacheOptions& options, const char* name, const char* help) {
  return registry.Counter({.name = name, .help = help, .labels = {"cache_tier", "cache_name"}})
      .With({options.tier, options.name});
}

std::unique_ptr<GaugePart> PartOf(Registry& registry, const client::GaugePartSpec& spec,
                                  const std::function<double()>& value, const std::function<double()>& whole = {}) {
  return std::make_unique<GaugePart>(registry, spec, [value, whole] {
    return GaugePart::Amount{value(), whole ? whole() : 0};
  });
}

kits::Outcome LayerOutcome(CacheError error) noexcept {
  if (error == CacheError::kNone) return kits::Outcome::kSuccess;
  const bool gave_up = error == CacheError::kTimeout || error == CacheError::kConnection;
  return gave_up ? kits::Outcome::kFailed : kits::Outcome::kError;
}

// Passes the bytes on to the layer whenever they are read. Caches of one layer add up, and take their part with them.
class LayerBytes {
 public:
  LayerBytes(const kits::LayerRecorder& layer, std::function<double()> bytes)
      : layer_(layer), bytes_(std::move(bytes)) {}
  LayerBytes(const LayerBytes&) = delete;
  LayerBytes& operator=(const LayerBytes&) = delete;
  ~LayerBytes() { layer_.AddSizeBytes(-known_); }

  double Read() {
    const double bytes = bytes_();
    layer_.AddSizeBytes(bytes - std::exchange(known_, bytes));
    return bytes;
  }

 private:
  const kits::LayerRecorder layer_;
  const std::function<double()> bytes_;
  double known_ = 0;
};

}  // namespace

std::vector<double> CacheDurationBuckets() {
  return {1e-7, 2.5e-7, 5e-7,  1e-6, 2.5e-6, 1e-5, 2.5e-5, 1e-4, 2.5e-4, 1e-3,
          5e-3, 0.01,   0.025, 0.05, 0.1,    0.25, 0.5,    1,    2.5,    5};
}

CacheRecorder::CacheRecorder(Registry& registry, const CacheOptions& options)
    : options_(options), registry_(registry), has_layer_(options.layer.hits()) {
  AddOperations();
  lookups_[0] = PerCache(registry, options, "cache_hits_total", "Lookups that hit.");
  lookups_[1] = PerCache(registry, options, "cache_misses_total", "Lookups that missed.");
  evictions_ = PerCache(registry, options, "cache_evictions_total", "Entries that left for space.");
  expirations_ = PerCache(registry, options, "cache_expirations_total", "Entries that left by their age.");
  invalidations_ = PerCache(registry, options, "cache_invalidations_total",
                            "Entries removed because what they were made of changed.");
  promotions_ =
      PerCache(registry, options, "cache_promotions_total", "Entries copied into this tier from a lower one.");
  cleanup_runs_ = PerCache(registry, options, "cache_cleanup_runs_total", "Runs that looked for dead entries.");
  cleanup_removed_ = PerCache(registry, options, "cache_cleanup_removed_entries_total",
                              "Entries removed by runs that looked for dead ones.");
  value_sizes_ = registry
                     .Histogram({.name = "cache_value_size_bytes",
                                 .help = "Bytes of the values written.",
                                 .buckets = ExponentialBuckets(64, 4, 10),
                                 .labels = {"cache_tier", "cache_name"}})
                     .With({options.tier, options.name});
  gauges_ = std::make_unique<CacheGauges>(registry, options, lookups_[0], lookups_[1]);
}

CacheRecorder::~CacheRecorder() = default;

void CacheRecorder::AddOperations() {
  const CounterFamily operations = registry_.Counter({.name = "cache_operations_total",
                                                      .help = "Operations on the cache.",
                                                      .labels = {"operation_type", "cache_tier", "cache_name"}});
  const HistogramFamily durations = DurationFamily(registry_, options_);
  for (std::size_t i = 0; i < kOperationCount; ++i) {
    const std::string_view name = OperationName(static_cast<CacheOperation>(i));
    operations_[i] = operations.With({name, options_.tier, options_.name});
    durations_[i] = durations.With({name, options_.tier});
  }
  const CounterFamily errors = registry_.Counter({.name = "cache_errors_total",
                                                  .help = "Operations on the cache that failed.",
                                                  .labels = {"error_type", "cache_tier"}});
  for (std::size_t i = 1; i < kErrorCount; ++i) {
    errors_[i] = errors.With({ErrorName(static_cast<CacheError>(i)), options_.tier});
  }
}

void CacheRecorder::RecordLayerLookup(LookupOutcome outcome, CacheError error) const noexcept {
  if (outcome == LookupOutcome::kError) {
    options_.layer.RecordRequest(LayerOutcome(error));
  } else {
    options_.layer.RecordLookup(outcome == LookupOutcome::kHit);
  }
}

// Loads and cleanup runs are not requests to the layer.
void CacheRecorder::RecordLayerOperation(CacheOperation operation, CacheError error) const noexcept {
  if (operation <= CacheOperation::kClear) options_.layer.RecordRequest(LayerOutcome(error));
}

void CacheRecorder::RecordLayerDuration(CacheOperation operation, double seconds) const noexcept {
  constexpr kits::Operation kOperations[] = {kits::Operation::kGet, kits::Operation::kSet, kits::Operation::kDelete};
  if (operation <= CacheOperation::kDelete) {
    options_.layer.RecordSeconds(kOperations[static_cast<std::size_t>(operation)], seconds);
  }
}

void CacheRecorder::RecordFailure(CacheError error) const noexcept {
  errors_[static_cast<std::size_t>(error)].Increment();
}

void CacheRecorder::RecordCleanup(std::uint64_t entries, double seconds) const noexcept {
  RecordOperation(CacheOperation::kCleanup);
  RecordDuration(CacheOperation::kCleanup, seconds);
  cleanup_runs_.Increment();
  cleanup_removed_.Increment(entries);
}

void CacheRecorder::SetSizeSource(const SizeSource& source) noexcept {
  try {
    CacheGauges& gauges = *gauges_;
    gauges.entries.reset();
    gauges.bytes.reset();
    gauges.percent.reset();
    if (source.entries) {
      gauges.entries =
          PartOf(registry_, CacheGauges::Spec(options_, "cache_size_entries", "Entries in the cache."), source.entries);
    }
    if (!source.bytes) return;
    std::function<double()> bytes = source.bytes;
    if (has_layer_) {
      bytes = [part = std::make_shared<LayerBytes>(options_.layer, source.bytes)] { return part->Read(); };
    }
    gauges.bytes =
        PartOf(registry_, CacheGauges::Spec(options_, "cache_memory_usage_bytes", "Bytes the cache holds."), bytes);
    if (source.capacity_bytes) {
      gauges.percent = PartOf(registry_,
                              CacheGauges::Spec(options_, "cache_memory_usage_percent",
                                                "Bytes the cache holds, in percent of what it may.", true),
                              source.bytes, source.capacity_bytes);
    }
  } catch (...) {
  }
}

}  // namespace cachescope::caches
