// Lets a number of queries in at a time. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "base/status.h"

namespace cachescope::promql {

class QueryGate {
 public:
  // 0: everybody may enter.
  explicit QueryGate(std::size_t most) : most_(most) {}

  // Waits for a place. kDeadlineExceeded, kCancelled; else Leave must follow.
  Status Enter(std::chrono::steady_clock::time_point deadline, const std::atomic<bool>* cancelled);
  void Leave();

 private:
  const std::size_t most_;
  std::mutex mu_;
  std::condition_variable left_;
  std::size_t inside_ = 0;  // guarded by mu_
};

}  // namespace cachescope::promql
