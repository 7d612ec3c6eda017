// Tells by an HTTP POST of the JSON that Alertmanager's webhook sends (version 4), or of a JSON of the user's own.
#pragma once

#include <nlohmann/json.hpp>

#include "server/notify/config.h"

namespace cachescope::notify {

// `webhook_configs: [{url | url_file, send_resolved, max_alerts, timeout, payload, http_config}]`. Answers 2xx are
// success; 5xx, 408, 425, 429 and a peer that cannot be reached are tried again, other answers are given up. The header
// Idempotency-Key is the notification's id. `url` may be a template; `payload` is any value whose texts are templates.
Result<std::unique_ptr<Integration>> MakeWebhookIntegration(const Settings& settings, const ConfigNode& node);

// The body, for tests and other receivers with the same data.
nlohmann::ordered_json WebhookJson(const Notification& notification, const std::string& version = "4");
std::string WebhookBody(const Notification& notification);

}  // namespace cachescope::notify
