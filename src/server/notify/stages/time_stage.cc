#include "server/notify/stages/time_stage.h"

#include <algorithm>

namespace cachescope::notify {

std::vector<std::string> MutedBy(const Route& route, const NotifierConfig& config, TimestampMs now) {
  const auto contains = [&](const std::string& name) {
    const auto found = config.time_intervals.find(name);
    return found != config.time_intervals.end() && found->second.Contains(now);
  };
  const auto& active = route.active_time_intervals;
  if (!active.empty() && std::none_of(active.begin(), active.end(), contains)) return active;
  std::vector<std::string> out;
  std::copy_if(route.mute_time_intervals.begin(), route.mute_time_intervals.end(), std::back_inserter(out), contains);
  return out;
}

void RunTimeStage(const NotifierConfig& config, Batch* batch) {
  if (batch->alerts.empty() || MutedBy(*batch->route, config, batch->now.wall).empty()) return;
  Hide(batch, HiddenBy::kTime, [](const Candidate&) { return true; });
}

}  // namespace cachescope::notify
