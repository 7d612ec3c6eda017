// Tells a Rocket.Chat channel. https://developer.rocket.chat/apidocs/post-message
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `rocketchat_configs`. An answer 200 that says "success": false is a refusal.
Result<std::unique_ptr<Integration>> MakeRocketchatIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
