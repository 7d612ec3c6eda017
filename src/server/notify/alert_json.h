// Alerts as JSON for the state store: enough to tell of one again after a restart.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "server/notify/held_alert.h"

namespace cachescope::notify {

// {labels, annotations, startsAt, generatorURL, validFor}. `validFor` is how long its sender said it holds without a
// word.
nlohmann::ordered_json AlertToJson(const Alert& alert);
// kCorruption.
Result<Alert> AlertFromJson(const nlohmann::ordered_json& json);

}  // namespace cachescope::notify
