// Tells a Telegram chat through a bot. https://core.telegram.org/bots/api#sendmessage
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `telegram_configs`. A message of more than 4096 characters is cut, one in HTML, which cannot be cut, is replaced by a
// line that names the alerts. 429 names its own delay.
Result<std::unique_ptr<Integration>> MakeTelegramIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
