#include "server/notify/stages/silence_stage.h"

namespace cachescope::notify {

void RunSilenceStage(const SilenceStore& silences, Batch* batch) {
  if (silences.size() == 0) return;
  Hide(batch, HiddenBy::kSilenced, [&](const Candidate& candidate) {
    return !silences.SilencedBy(candidate.held->alert.labels, batch->now.wall).empty();
  });
}

}  // namespace cachescope::notify
