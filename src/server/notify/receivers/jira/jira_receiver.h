// Tells Jira: one issue per group, opened, updated, closed and opened again.
// https://developer.atlassian.com/cloud/jira/platform/rest/v2/intro/
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `jira_configs`. The issue of a group is found by its label ALERT{hash of the group key}. When all is over it goes
// through `resolve_transition`; when something fires again within `reopen_duration` it goes through
// `reopen_transition`, else a new one is made. `summary` and `description` may say {template, enable_update: false}:
// then they are left alone once the issue is there. With version 3 of the API the description must be a JSON document.
Result<std::unique_ptr<Integration>> MakeJiraIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
