// Tells a Discord channel through a webhook. https://discord.com/developers/docs/resources/webhook#execute-webhook
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `discord_configs`. One embed: title (256 characters), message (4096), red while something fires; `content` (2000).
Result<std::unique_ptr<Integration>> MakeDiscordIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
