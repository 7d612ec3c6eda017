#include "server/notify/stages/retry_stage.h"

#include <algorithm>

namespace cachescope::notify {

DurationMs RetryDelay(const NotifyResult& result, int attempt, std::uint64_t random) {
  DurationMs delay = kFirstRetry;
  for (int i = 1; i < attempt && delay < kLastRetry; ++i) delay *= 2;
  delay = std::min(delay, kLastRetry);
  delay -= static_cast<DurationMs>(random % static_cast<std::uint64_t>(delay / 3 + 1));
  if (!result.retry_after) return delay;
  return std::max(delay, std::min(*result.retry_after, kLongestRetryAfter));
}

}  // namespace cachescope::notify
