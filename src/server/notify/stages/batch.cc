#include "server/notify/stages/batch.h"

namespace cachescope::notify {

const char* HiddenByName(HiddenBy why) noexcept {
  switch (why) {
    case HiddenBy::kTime:
      return "muted";
    case HiddenBy::kInhibited:
      return "inhibited";
    case HiddenBy::kSilenced:
      return "silenced";
    case HiddenBy::kCooldown:
      return "cooldown";
  }
  return "muted";
}

News Batch::ToNews() const {
  News news;
  for (const Candidate& candidate : alerts) {
    (candidate.over ? news.resolved : news.firing).insert(candidate.held->fingerprint);
    if (candidate.quiet && !candidate.over) news.quiet.insert(candidate.held->fingerprint);
  }
  return news;
}

}  // namespace cachescope::notify
