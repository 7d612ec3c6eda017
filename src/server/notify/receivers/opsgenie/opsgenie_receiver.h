// Tells Opsgenie. https://docs.opsgenie.com/docs/alert-api
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `opsgenie_configs`. One alert per group, whose alias is the hash of the group key: created (or counted again) while
// something fires, closed when all is over, its message and description rewritten with `update_alerts`. The common
// labels are details of the alert.
Result<std::unique_ptr<Integration>> MakeOpsgenieIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
