// Acknowledged alerts stay in what is told, because they are true, but cause no notification while they fire.
#pragma once

#include "server/notify/acknowledgements.h"
#include "server/notify/stages/batch.h"

namespace cachescope::notify {

void RunAcknowledgeStage(const Acknowledgements& acks, Batch* batch);

}  // namespace cachescope::notify
