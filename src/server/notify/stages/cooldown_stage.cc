#include "server/notify/stages/cooldown_stage.h"

namespace cachescope::notify {

void RunCooldownStage(const Cooldowns& cooldowns, Batch* batch) {
  Hide(batch, HiddenBy::kCooldown,
       [&](const Candidate& candidate) { return cooldowns.Hides(*candidate.held, batch->now); });
}

}  // namespace cachescope::notify
