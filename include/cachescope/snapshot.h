// Snapshot: the numbers of a registry at one moment, as plain values. Any exposition or collector reads this, and
// functions given to Registry::AddCollector produce it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/labels.h"

namespace cachescope {

enum class InstrumentType : std::uint8_t { kUntyped, kCounter, kGauge, kHistogram, kSummary, kInfo, kStateSet };

/// "untyped", "counter", "gauge", "histogram", "summary", "info", "stateset".
std::string_view InstrumentTypeName(InstrumentType type) noexcept;

/// Values up to and including `upper_bound`, all lower buckets included.
struct BucketSnapshot {
  double upper_bound = 0;
  std::uint64_t cumulative_count = 0;
};

/// The value below which a fraction `quantile` (0 to 1) of the window's values lies; NaN without values.
struct QuantileSnapshot {
  double quantile = 0;
  double value = 0;
};

/// One value recorded with the trace it belongs to.
struct ExemplarSnapshot {
  LabelPairs labels = {};
  double value = 0;
  /// Seconds since the Unix epoch.
  double timestamp = 0;
};

/// A run of adjacent buckets: `offset` unused ones after the end of the run before (for the first: its index).
struct BucketSpanSnapshot {
  std::int32_t offset = 0;
  std::uint32_t length = 0;
};

/// Exponential buckets as in Prometheus' native histograms: bucket i holds values in (base^(i-1), base^i] with
/// base = 2^(2^-schema); negative values in their mirror image; |value| <= zero_threshold in the zero bucket.
struct NativeHistogramSnapshot {
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::uint64_t zero_count = 0;
  std::uint64_t count = 0;
  std::vector<BucketSpanSnapshot> positive_spans = {};
  std::vector<std::uint64_t> positive_counts = {};
  std::vector<BucketSpanSnapshot> negative_spans = {};
  std::vector<std::uint64_t> negative_counts = {};
};

struct SeriesSnapshot {
  /// Constant labels first, then the family's in the order of registration. Of a state set also the state, under the
  /// family's name.
  LabelPairs labels = {};
  /// Counter, gauge, info (1), one state of a state set (0 or 1), untyped. A counter above 2^53 is rounded here; the
  /// text exposition has it exactly.
  double value = 0;
  /// Histogram: buckets in increasing order, the last one's bound is +Inf and its count the total. Empty if the
  /// histogram is native only.
  std::vector<BucketSnapshot> buckets = {};
  /// Histogram, summary.
  double sum = 0;
  /// Summary.
  std::uint64_t count = 0;
  std::vector<QuantileSnapshot> quantiles = {};
  /// Histograms with native buckets.
  std::shared_ptr<const NativeHistogramSnapshot> native = {};
  /// Counter: at most one. Histogram: in increasing order of value, at most one for each classic bucket.
  std::vector<ExemplarSnapshot> exemplars = {};
  /// When a counter, histogram or summary began or was last reset, in seconds since the Unix epoch; 0 if unknown.
  double created = 0;
};

/// `name` is what stands in the text format 0.0.4 ("x_total", "build_info"); OpenMetrics leaves the suffix out of the
/// family's name.
struct FamilySnapshot {
  std::string name = {};
  std::string help = {};
  std::string unit = {};
  InstrumentType type = InstrumentType::kUntyped;
  std::vector<SeriesSnapshot> series = {};
};

}  // namespace cachescope
