// Which operations are timed. A policy is a type given to InstrumentedCache; an operation that is not timed reads no
// clock.
//
// Sampling: operations to time are drawn at random with mean distance N, by a countdown of each thread, so that a loop
// whose period divides N is not always timed at the same place. The histogram then holds about one Nth of the
// operations: its quantiles and mean are right, its count is not the number of operations (cache_operations_total is).
#pragma once

#include <chrono>
#include <cstdint>

namespace cachescope::caches {

namespace detail {

/// Operations left until the next one to time; 0 before the first draw.
template <std::uint32_t kN>
inline constinit thread_local std::uint32_t latency_countdown __attribute__((tls_model("initial-exec"))) = 0;

/// Draws the next distance when the countdown has run out; true if this operation is to be timed.
[[gnu::cold, gnu::noinline]] bool DrawLatencySample(std::uint32_t* countdown, std::uint32_t n) noexcept;

}  // namespace detail

/// Times nothing.
struct NoLatency {
  using Clock = std::chrono::steady_clock;
  static bool Sample() noexcept { return false; }
};

/// Times one operation in N on average, 2 ≤ N ≤ 2^20.
template <std::uint32_t kN = 64, class ClockType = std::chrono::steady_clock>
struct SampledLatency {
  static_assert(kN >= 2 && kN <= (1U << 20));
  using Clock = ClockType;
  static bool Sample() noexcept {
    std::uint32_t& left = detail::latency_countdown<kN>;
    if (left > 1) [[likely]] {
      --left;
      return false;
    }
    return detail::DrawLatencySample(&left, kN);
  }
};

/// Times every operation: two reads of the clock each.
template <class ClockType = std::chrono::steady_clock>
struct EveryLatency {
  using Clock = ClockType;
  static bool Sample() noexcept { return true; }
};

}  // namespace cachescope::caches
