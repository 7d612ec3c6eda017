// TwoTierKit: what a query cache with an L1 in memory and an L2 behind it calls to feed catalogue/two_tier.h.
//
//   cachescope::kits::TwoTierKit kit(registry, {.cache_name = "queries", .l1_limit_bytes = 256e6});
//   kit.RecordLookup(Answered::kL2, l1_seconds, l2_seconds);      // L1 missed, L2 had it
//   kit.tier(Tier::kL1).RecordOperation(Operation::kSet, seconds);
//   kit.tier(Tier::kL1).SetMemoryBytes(bytes);                    // the percentage follows
//
// The tier "multi" is both together. Hit rates are percentages, computed at scrape over KitOptions::window.
// The cross-layer families share names with these: give `layers` another registry to feed them too.
// Thread-safe; calls do not throw, lock or allocate, except at the first use of a kind of error. Making a kit may throw
// std::bad_alloc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cachescope/catalogue/two_tier.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/cross_layer.h"

namespace cachescope::kits {

enum class Tier : std::uint8_t { kL1, kL2, kMulti };
/// "l1", "l2", "multi".
constexpr std::string_view TierName(Tier tier) noexcept {
  constexpr std::string_view kNames[] = {"l1", "l2", "multi"};
  return kNames[static_cast<std::size_t>(tier)];
}

/// Who answered a lookup.
enum class Answered : std::uint8_t { kL1, kL2, kNobody };

struct TwoTierOptions {
  std::string cache_name = "default";
  /// Most bytes a tier may hold; 0 if there is no limit, and then no percentage.
  double l1_limit_bytes = 0;
  double l2_limit_bytes = 0;
  /// Most connections to L2; 0 if there is no limit.
  double pool_limit = 0;
  /// Where to feed the cross-layer families as layer `cache_name`; null for nowhere. Used during construction only.
  Registry* layers = nullptr;
  KitOptions kit = {};
};

/// The instruments of one tier.
class TierRecorder {
 public:
  TierRecorder(Registry& registry, Tier tier, double limit_bytes, const TwoTierOptions& options);

  void RecordLookup(bool hit, double seconds) const noexcept {
    (hit ? hits_ : misses_).Increment();
    RecordOperation(Operation::kGet, seconds);
  }
  /// kSet or kDelete; a kGet here is one that broke, and neither hit nor miss.
  void RecordOperation(Operation operation, double seconds) const noexcept {
    operations_[static_cast<std::size_t>(operation)].Increment();
    durations_[static_cast<std::size_t>(operation)].Record(seconds);
  }
  /// `type`: "operation_error", "timeout", "connection", …
  void RecordError(std::string_view type) noexcept;
  void RecordEvictions(std::uint64_t entries) const noexcept { evictions_.Increment(entries); }
  void RecordExpirations(std::uint64_t entries) const noexcept { expirations_.Increment(entries); }

  void SetEntries(double entries) const noexcept { entries_.Set(entries); }
  void SetMemoryBytes(double bytes) const noexcept {
    memory_.Set(bytes);
    if (limit_bytes_ > 0) memory_percent_.Set(bytes / limit_bytes_ * 100);
  }

 private:
  const catalogue::TwoTierMetrics metrics_;
  const Tier tier_;
  const double limit_bytes_;
  Counter operations_[kOperationCount];
  Histogram durations_[kOperationCount];
  Counter hits_, misses_, evictions_, expirations_;
  Gauge entries_, memory_, memory_percent_;
  BoundedHandles<Counter> errors_;
};

class TwoTierKit {
 public:
  explicit TwoTierKit(Registry& registry, const TwoTierOptions& options = {});

  /// A lookup from L1 down; `l2_seconds` does not matter if L1 answered.
  void RecordLookup(Answered answered, double l1_seconds, double l2_seconds = 0) const noexcept {
    const bool asked_l2 = answered != Answered::kL1;
    const bool hit = answered != Answered::kNobody;
    const double seconds = asked_l2 ? l1_seconds + l2_seconds : l1_seconds;
    tiers_[0].RecordLookup(!asked_l2, l1_seconds);
    if (asked_l2) tiers_[1].RecordLookup(hit, l2_seconds);
    tiers_[2].RecordLookup(hit, seconds);
    layer_.RecordLookup(hit, seconds);
  }
  TierRecorder& tier(Tier tier) noexcept { return tiers_[static_cast<std::size_t>(tier)]; }

  /// Connections to L2 in use; the percentage of the pool follows.
  void SetConnections(double active) const noexcept {
    connections_.Set(active);
    if (pool_limit_ > 0) pool_usage_.Set(active / pool_limit_ * 100);
  }

  const LayerRecorder& layer() const noexcept { return layer_; }

 private:
  TierRecorder tiers_[3];
  const LayerRecorder layer_;
  const double pool_limit_;
  Gauge connections_, pool_usage_;
};

}  // namespace cachescope::kits
