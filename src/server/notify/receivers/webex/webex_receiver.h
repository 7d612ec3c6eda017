// Tells a Webex room. https://developer.webex.com/docs/api/v1/messages/create-a-message
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `webex_configs`. The message is Markdown of at most 7439 bytes; the token is in http_config.
Result<std::unique_ptr<Integration>> MakeWebexIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
