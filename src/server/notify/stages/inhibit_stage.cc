#include "server/notify/stages/inhibit_stage.h"

namespace cachescope::notify {

void RunInhibitStage(const Inhibitor& inhibitor, Batch* batch) {
  Hide(batch, HiddenBy::kInhibited, [&](const Candidate& candidate) {
    return !inhibitor.InhibitedBy(candidate.held->alert.labels, batch->now.mono).empty();
  });
}

}  // namespace cachescope::notify
