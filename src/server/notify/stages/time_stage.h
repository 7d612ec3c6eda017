// A route outside its active time intervals, or inside one of its mute time intervals, tells nothing.
#pragma once

#include "server/notify/config.h"
#include "server/notify/stages/batch.h"

namespace cachescope::notify {

// Names of the intervals that mute the route now: the mute intervals that contain `now`, or, when none of its active
// intervals does, those. Empty: not muted. Wall clock.
std::vector<std::string> MutedBy(const Route& route, const NotifierConfig& config, TimestampMs now);
void RunTimeStage(const NotifierConfig& config, Batch* batch);

}  // namespace cachescope::notify
