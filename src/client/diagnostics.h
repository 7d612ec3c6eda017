// Diagnostics: what a registry refused. Shared by the registry and its families, so that instruments outliving the
// registry have somewhere to count. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace cachescope::client {

class Diagnostics {
 public:
  std::atomic<std::uint64_t> registration_errors{0};
  std::atomic<std::uint64_t> increments_refused{0};
  std::atomic<std::uint64_t> collector_errors{0};
  std::atomic<std::uint64_t> custom_dropped{0};
  std::atomic<std::uint64_t> exemplars_dropped{0};
  std::atomic<std::uint64_t> histogram_limits{0};
  std::atomic<std::uint64_t> observations_dropped{0};
  std::atomic<std::uint64_t> states_refused{0};
  std::atomic<std::uint64_t> timers_dropped{0};

  /// Keeps the message; the caller counts.
  void Report(std::string message);
  std::vector<std::string> Messages() const;

 private:
  static constexpr std::size_t kMaxMessages = 16;

  mutable std::mutex mu_;
  std::deque<std::string> messages_;  // guarded by mu_; oldest first
};

}  // namespace cachescope::client
