// Alerts that fire again inside their cooldown are not told.
#pragma once

#include "server/notify/cooldowns.h"
#include "server/notify/stages/batch.h"

namespace cachescope::notify {

void RunCooldownStage(const Cooldowns& cooldowns, Batch* batch);

}  // namespace cachescope::notify
