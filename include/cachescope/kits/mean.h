// Mean: sum and number of values from 0 to 1, for gauges that show a mean over a window (RatioOver).
#pragma once

#include <atomic>
#include <cstdint>

#include "cachescope/kits/window.h"

namespace cachescope::kits {

/// Thread-safe. The sum is kept in millionths, so that it can be added to without a loop.
class Mean {
 public:
  /// Values outside 0 to 1 count as the nearer end; NaN is left out. Two atomic adds.
  void Record(double value) noexcept {
    if (!(value == value)) return;
    const double fraction = value < 0 ? 0 : value > 1 ? 1 : value;
    millionths_.fetch_add(static_cast<std::uint64_t>(fraction * 1e6 + 0.5), std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
  }

  PartAndWhole Read() const noexcept {
    return {static_cast<double>(millionths_.load(std::memory_order_relaxed)) / 1e6,
            static_cast<double>(count_.load(std::memory_order_relaxed))};
  }

 private:
  std::atomic<std::uint64_t> millionths_{0};
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace cachescope::kits
