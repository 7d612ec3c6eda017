// Readings of all caches that a registry has the families of caches/cache_recorder.h for. Pure function.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cachescope/live_statistics_options.h"
#include "cachescope/snapshot.h"

namespace cachescope::client {

/// By TIER/NAME, or NAME without a tier. Families are known by the end of their names, so that any namespace fits.
std::map<std::string, CacheReading> ReadCaches(const std::vector<FamilySnapshot>& families);

}  // namespace cachescope::client
