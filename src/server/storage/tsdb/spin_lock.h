// SpinLock is a one-byte lock for sections of some tens of nanoseconds: a series of the head. It meets BasicLockable.
#pragma once

#include <atomic>
#include <thread>

namespace cachescope::tsdb {

class SpinLock {
 public:
  void lock() noexcept {
    int spins = 0;
    while (locked_.exchange(true, std::memory_order_acquire)) {
      // The owner may have lost its processor: let it run.
      while (locked_.load(std::memory_order_relaxed)) {
        if (++spins > kSpinsBeforeYield) std::this_thread::yield();
      }
    }
  }
  void unlock() noexcept { locked_.store(false, std::memory_order_release); }

 private:
  static constexpr int kSpinsBeforeYield = 64;
  std::atomic<bool> locked_{false};
};

}  // namespace cachescope::tsdb
