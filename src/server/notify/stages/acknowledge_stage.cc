#include "server/notify/stages/acknowledge_stage.h"

namespace cachescope::notify {

void RunAcknowledgeStage(const Acknowledgements& acks, Batch* batch) {
  for (Candidate& candidate : batch->alerts) candidate.quiet = !candidate.over && acks.Has(candidate.held->fingerprint);
}

}  // namespace cachescope::notify
