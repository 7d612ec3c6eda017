// Tells by an HTTP POST of the JSON that Alertmanager's webhook sends (version 4).
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `webhook_configs: [{url | url_file, send_resolved, max_alerts, timeout}]`. Answers 2xx are success; 5xx and 429 and a
// peer that cannot be reached are tried again, other answers are given up.
Result<ConfiguredIntegration> ParseWebhookIntegration(const ConfigNode& node);

// The body, for tests and other receivers with the same data.
std::string WebhookBody(const Notification& notification);

}  // namespace cachescope::notify
