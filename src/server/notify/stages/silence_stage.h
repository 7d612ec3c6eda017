// Alerts that an active silence matches are not told.
#pragma once

#include "server/notify/silences/silence_store.h"
#include "server/notify/stages/batch.h"

namespace cachescope::notify {

void RunSilenceStage(const SilenceStore& silences, Batch* batch);

}  // namespace cachescope::notify
