// Tells through the Simple Notification Service of AWS: a topic, a phone or an endpoint.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `sns_configs`, signed with `sigv4: {region, access_key, secret_key}`; `profile`, `role_arn` and the credentials of
// the machine are not supported: such notifications fail with that reason. A topic in order (".fifo") is told the same
// news once. Messages are cut at 256 KiB, those to phones at 1600 bytes, and say so in the attribute `truncated`.
Result<std::unique_ptr<Integration>> MakeSnsIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
