// An alert: one element of an alerting rule's result with its state over time. Plain data.
#pragma once

#include <string>

#include "base/clock.h"
#include "model/labels.h"

namespace cachescope {

enum class AlertState : unsigned char { kInactive, kPending, kFiring, kResolved };

// "inactive", "pending", "firing"; a resolved alert is shown as "inactive", as upstream does.
constexpr const char* AlertStateName(AlertState state) noexcept {
  return state == AlertState::kFiring ? "firing" : state == AlertState::kPending ? "pending" : "inactive";
}

struct Alert {
  AlertState state = AlertState::kInactive;
  Labels labels;                // with alertname; identifies the alert
  Labels annotations;           // templates expanded
  double value = 0;             // of the expression at the last evaluation
  TimestampMs active_at = 0;    // first seen pending
  TimestampMs fired_at = 0;     // 0 while pending
  TimestampMs resolved_at = 0;  // 0 while active
  TimestampMs last_sent_at = 0;
  TimestampMs valid_until = 0;  // after this the receiver may take it as resolved
  TimestampMs keep_firing_since = 0;
  std::string generator_url;  // the expression on the page
};

}  // namespace cachescope
