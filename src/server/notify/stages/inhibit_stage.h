// Alerts that another alert inhibits are not told.
#pragma once

#include "server/notify/inhibit.h"
#include "server/notify/stages/batch.h"

namespace cachescope::notify {

void RunInhibitStage(const Inhibitor& inhibitor, Batch* batch);

}  // namespace cachescope::notify
