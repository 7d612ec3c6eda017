// Tells a Mattermost channel through an incoming webhook.
// https://developers.mattermost.com/integrate/webhooks/incoming/
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `mattermost_configs`. The text is cut at 16383 characters. Fields of an attachment that stand beside `text`, where
// Alertmanager reads and forgets them, make one attachment unless `attachments` has some.
Result<std::unique_ptr<Integration>> MakeMattermostIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
