// DeltaWalk: goes through the families of a round and tells a visitor what is to be sent of each series, as exporters
// need it that know only increments, gauges and values (StatsD, MetricSink). Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "client/export/baselines.h"
#include "client/export/value_groups.h"

namespace cachescope::client {

/// What to note in a baseline when a value has been delivered.
struct Delivery {
  enum class Kind : std::uint8_t { kNone, kValue, kSum, kCount, kCell };
  Kind kind = Kind::kNone;
  Baseline* baseline = nullptr;
  double amount = 0;        // the new value, sum or count; of a cell what to add to the sum
  std::int64_t key = 0;     // the cell
  std::uint64_t count = 0;  // to add to it

  void Apply() const;
};

/// A series' name and labels; valid during the call.
struct SeriesName {
  std::string_view family = {};
  /// "", "count", "sum" or "quantile" of a summary.
  std::string_view part = {};
  const LabelPairs* labels = nullptr;
  /// A histogram of durations in seconds.
  bool seconds = false;
};

class DeltaVisitor {
 public:
  virtual ~DeltaVisitor() = default;
  /// `delta` is more than 0, or for a summary's sum not 0.
  virtual void OnIncrement(const SeriesName& name, double delta, const Delivery& delivery) = 0;
  virtual void OnGauge(const SeriesName& name, double value) = 0;
  /// Not empty, in increasing order of value.
  virtual void OnValues(const SeriesName& name, std::span<const ValueGroup> groups, Baseline* baseline) = 0;
};

/// One round. Stops at the deadline: false if families were left out (their baselines stay).
bool WalkDeltas(const ExportRound& round, Baselines* baselines, DeltaVisitor* visitor);

/// Takes everything as delivered.
void RememberAll(const ExportRound& round, Baselines* baselines);

/// Unit "seconds", or a name that ends in "_seconds".
bool IsSeconds(const FamilySnapshot& family) noexcept;

}  // namespace cachescope::client
