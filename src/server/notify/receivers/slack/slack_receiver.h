// Tells a Slack channel, through an incoming webhook or with a bot's token. Format:
// https://api.slack.com/reference/messaging/attachments
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `slack_configs`: `api_url` (an incoming webhook, or chat.postMessage with http_config.authorization) or `app_token`
// (sent to `app_url`). An answer 200 that says "ok": false, or whose text is not "ok", is a refusal. With
// `update_message` later notifications of a group edit the first message; after a restart or a reload, of which this
// process remembers nothing, a new message is sent.
Result<std::unique_ptr<Integration>> MakeSlackIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
