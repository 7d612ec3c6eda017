// What goes through the stages: the alerts of one group on their way to one integration. Plain data.
#pragma once

#include <string>
#include <vector>

#include "server/notify/held_alert.h"
#include "server/notify/nflog.h"
#include "server/notify/route.h"

namespace cachescope::notify {

struct Candidate {
  HeldPtr held;
  bool over = false;   // at `now`
  bool quiet = false;  // acknowledged: told with the others, but causes nothing
};

// Why a stage took an alert out.
enum class HiddenBy : unsigned char { kTime, kInhibited, kSilenced, kCooldown };
const char* HiddenByName(HiddenBy why) noexcept;  // "muted", "inhibited", "silenced", "cooldown"

struct Hidden {
  HeldPtr held;
  HiddenBy why = HiddenBy::kTime;
};

struct Batch {
  const Route* route = nullptr;
  Instant now;
  std::vector<Candidate> alerts;  // that go on, in the order in which they are told
  std::vector<Hidden> hidden;     // that do not

  News ToNews() const;
};

// Takes out what `hides` says.
template <typename Predicate>
void Hide(Batch* batch, HiddenBy why, const Predicate& hides) {
  std::vector<Candidate> rest;
  for (Candidate& candidate : batch->alerts) {
    if (hides(candidate)) {
      batch->hidden.push_back({std::move(candidate.held), why});
    } else {
      rest.push_back(std::move(candidate));
    }
  }
  batch->alerts = std::move(rest);
}

}  // namespace cachescope::notify
