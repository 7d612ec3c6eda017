// What to do about what a snapshot shows. Pure function.
#pragma once

#include <vector>

#include "cachescope/live_statistics_options.h"
#include "cachescope/live_statistics_snapshot.h"

namespace cachescope::client {

/// Most severe first, then by cache and id. `snapshot` has its caches, total and memory levels.
std::vector<Recommendation> Recommend(const LiveSnapshot& snapshot, const AdviceLimits& limits,
                                      const MemoryThresholds& memory);

}  // namespace cachescope::client
