// Tells incident.io, with the JSON of the webhook. https://docs.incident.io/api-reference
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `incidentio_configs`. Over 512 KiB only the first alert is told, which is enough for incident.io to open an incident.
Result<std::unique_ptr<Integration>> MakeIncidentioIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
