// Tells by writing one line per alert into the daemon's log.
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `log_configs: [{send_resolved: true}]`.
Result<std::unique_ptr<Integration>> MakeLogIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
