// An alert as the notifier holds it: with the time from which it counts as over. Plain data.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>

#include "model/alert.h"
#include "server/notify/fingerprint.h"

namespace cachescope::notify {

inline constexpr TimestampMs kNever = std::numeric_limits<TimestampMs>::max();

// Now, on both clocks: intervals are measured on the monotonic one, so that a jump of the wall clock resolves nothing.
struct Instant {
  TimestampMs wall = 0;
  TimestampMs mono = 0;
};

struct HeldAlert {
  Alert alert;  // fired_at is its start; resolved_at as it was told, 0 while it fires
  Fingerprint fingerprint = 0;
  TimestampMs updated_at = 0;      // wall clock
  TimestampMs ends_at = kNever;    // wall clock: its end as told, or until when it is valid
  TimestampMs ends_mono = kNever;  // the same on the monotonic clock: this one decides
  bool timeout = false;            // the end is resolve_timeout, not the sender's word
  bool restored = false;           // known from before the restart and not heard of since

  bool Over(TimestampMs mono) const { return ends_mono <= mono; }
  // The alert as it is told: resolved_at set when it is over, 0 otherwise.
  Alert At(TimestampMs mono) const;
};

using HeldPtr = std::shared_ptr<const HeldAlert>;
using HeldMap = std::map<Fingerprint, HeldPtr>;

// `timeout`: the sender gave no end.
HeldPtr MakeHeld(const Alert& alert, bool timeout, Instant now);
// What upstream makes of two reports of one alert: activity that overlaps is one, with the earliest start.
HeldPtr MergeHeld(const HeldPtr& old, HeldPtr next, Instant now);

// By job, instance, number of labels, then label by label: the order in which alerts stand in a notification.
bool AlertBefore(const Labels& a, const Labels& b);

}  // namespace cachescope::notify
