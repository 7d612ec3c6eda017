// Tells a channel of Microsoft Teams: through an Office 365 connector (message card) or a workflow (adaptive card).
// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `msteams_configs` and `msteamsv2_configs`. A connector that answers 200 with the text of an HTTP error, as it does
// when it is asked too often, refused the message; it is tried again.
Result<std::unique_ptr<Integration>> MakeMsteamsIntegration(const Settings& settings, const ConfigNode& node);
Result<std::unique_ptr<Integration>> MakeMsteamsV2Integration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
