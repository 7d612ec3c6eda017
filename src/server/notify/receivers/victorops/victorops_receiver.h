// Tells Splunk On-Call (VictorOps) through its REST endpoint.
// https://help.splunk.com/en/splunk-on-call/integrations/rest-endpoint-integration-guide
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `victorops_configs`. One incident per group, whose entity_id is the hash of the group key. A message type that the
// endpoint does not know becomes CRITICAL. The state message is cut at 20480 characters.
Result<std::unique_ptr<Integration>> MakeVictoropsIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
