#include "server/promql/query_gate.h"

#include <algorithm>

namespace cachescope::promql {

Status QueryGate::Enter(std::chrono::steady_clock::time_point deadline, const std::atomic<bool>* cancelled) {
  // Nobody wakes a query that is cancelled while it waits; it looks for itself.
  constexpr std::chrono::milliseconds kLook{20};
  std::unique_lock lock(mu_);
  while (most_ != 0 && inside_ >= most_) {
    if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
      return Cancelled("query was canceled in query queue");
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return DeadlineExceeded("query timed out in query queue");
    left_.wait_until(lock, std::min(deadline, now + kLook));
  }
  ++inside_;
  return {};
}

void QueryGate::Leave() {
  {
    const std::lock_guard lock(mu_);
    --inside_;
  }
  left_.notify_one();
}

}  // namespace cachescope::promql
