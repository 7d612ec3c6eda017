// What of the configuration becomes a target that is read by a source of ours.
#pragma once

#include "server/app/config.h"
#include "server/collect/scrape_manager.h"

namespace cachescope::app {

// A Redis. With another password, address or key it is another target.
collect::SourceTarget CacheTarget(const CacheConfig& cache);

}  // namespace cachescope::app
