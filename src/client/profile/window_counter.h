// WindowCounter: how many events in the last while, in sixty slots of time. Lock-free; times in any order.
#pragma once

#include <atomic>
#include <cstdint>

namespace cachescope::client {

class WindowCounter {
 public:
  static constexpr std::uint32_t kSlots = 60;

  /// `slot` is the number of the slot of time since any fixed moment, below 2^32.
  void Add(std::uint64_t slot) noexcept {
    std::atomic<std::uint64_t>& cell = cells_[slot % kSlots];
    std::uint64_t before = cell.load(std::memory_order_relaxed);
    std::uint64_t after = 0;
    do {
      if (before >> 32U > slot) return;  // older than the window
      const bool same = before >> 32U == slot;
      // A slot that is full stays full.
      if (same && static_cast<std::uint32_t>(before) == UINT32_MAX) return;
      after = same ? before + 1 : (slot << 32U) | 1U;
    } while (!cell.compare_exchange_weak(before, after, std::memory_order_relaxed));
  }

  /// Events in the kSlots slots that end with `slot`.
  std::uint64_t Sum(std::uint64_t slot) const noexcept {
    std::uint64_t sum = 0;
    for (const std::atomic<std::uint64_t>& cell : cells_) {
      const std::uint64_t held = cell.load(std::memory_order_relaxed);
      if (held >> 32U <= slot && (held >> 32U) + kSlots > slot) sum += static_cast<std::uint32_t>(held);
    }
    return sum;
  }

 private:
  std::atomic<std::uint64_t> cells_[kSlots] = {};  // slot number above, count below
};

}  // namespace cachescope::client
