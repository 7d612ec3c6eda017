// Tells PagerDuty, through its Events API: version 2 with a routing key, version 1 with a service key.
// https://developer.pagerduty.com/docs/events-api-v2-overview,
// https://developer.pagerduty.com/docs/events-api-v1-overview
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `pagerduty_configs`. One incident per group: its key is the hash of the group's, so that repeats and retries touch
// the same incident and the last one resolves it. An event over 512,000 bytes loses its details. 403 of version 1 and
// 429 of version 2, both of which mean too many events, are tried again.
Result<std::unique_ptr<Integration>> MakePagerdutyIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
