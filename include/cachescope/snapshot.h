// Snapshot: the numbers of a registry at one moment, as plain values. Any exposition or collector reads this, and
// functions given to Registry::AddCollector produce it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/labels.h"

namespace cachescope {

enum class InstrumentType : std::uint8_t { kUntyped, kCounter, kGauge, kHistogram };

/// The word of the text format: "untyped", "counter", "gauge", "histogram".
std::string_view InstrumentTypeName(InstrumentType type) noexcept;

/// Values up to and including `upper_bound`, all lower buckets included.
struct BucketSnapshot {
  double upper_bound = 0;
  std::uint64_t cumulative_count = 0;
};

struct SeriesSnapshot {
  /// Constant labels first, then the family's in the order of registration.
  LabelPairs labels = {};
  /// Counter, gauge, untyped. A counter above 2^53 is rounded here; the text exposition has it exactly.
  double value = 0;
  /// Histogram: buckets in increasing order, the last one's bound is +Inf and its count the total.
  std::vector<BucketSnapshot> buckets = {};
  double sum = 0;
};

struct FamilySnapshot {
  std::string name = {};
  std::string help = {};
  std::string unit = {};
  InstrumentType type = InstrumentType::kUntyped;
  std::vector<SeriesSnapshot> series = {};
};

}  // namespace cachescope
