// Moments of the steady clock as nanoseconds, 0 for those before its beginning.
#pragma once

#include <chrono>
#include <cstdint>

namespace cachescope::client {

inline std::uint64_t SinceStart(std::chrono::steady_clock::time_point at) noexcept {
  const std::chrono::nanoseconds since = at.time_since_epoch();
  return since.count() > 0 ? static_cast<std::uint64_t>(since.count()) : 0;
}

}  // namespace cachescope::client
