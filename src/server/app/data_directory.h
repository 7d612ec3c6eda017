// A data directory: where in it the metrics are, and who uses it.
#pragma once

#include <string>

#include "base/env.h"

namespace cachescope::app {

// Where blocks and log are: PATH/metrics of ours, PATH itself of a directory of Prometheus, of a backup or a snapshot.
// A directory that holds nothing yet becomes one of ours. Nothing on disk changes.
std::string MetricsDirectory(Env& env, const std::string& path);

// Whether `path` holds blocks or a log, in whichever place.
bool HoldsMetrics(Env& env, const std::string& path);

// Whether users other than its owner and group may look into it.
bool OthersMayEnter(const std::string& path);

}  // namespace cachescope::app
