// Tells phones through Pushover. https://pushover.net/api
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `pushover_configs`. Title 250 characters, message 1024 (never empty: Pushover refuses that), URL 512.
Result<std::unique_ptr<Integration>> MakePushoverIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
