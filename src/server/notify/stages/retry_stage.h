// When a notification that failed is tried again.
#pragma once

#include <cstdint>

#include "server/notify/integration.h"

namespace cachescope::notify {

inline constexpr DurationMs kFirstRetry = 500;
inline constexpr DurationMs kLastRetry = 60'000;
inline constexpr DurationMs kLongestRetryAfter = 10 * 60'000;

// The pause before attempt `attempt` + 1: doubles from half a second to a minute, of which up to a third is left out at
// random (`random` is any number), so that many groups do not come back together; what the peer asked for when that is
// longer, at most ten minutes. REQUIRES: result.retry, attempt >= 1.
DurationMs RetryDelay(const NotifyResult& result, int attempt, std::uint64_t random);

}  // namespace cachescope::notify
