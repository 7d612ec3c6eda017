// What the notifier shows of its alerts and groups: the read side of Alertmanager's API v2. Plain data, a copy.
#pragma once

#include <string>
#include <vector>

#include "server/notify/acknowledgements.h"
#include "server/notify/held_alert.h"

namespace cachescope::notify {

enum class AlertProcessing : unsigned char { kUnprocessed, kActive, kSuppressed };
const char* AlertProcessingName(AlertProcessing state) noexcept;  // "unprocessed", "active", "suppressed"

struct AlertStatus {
  AlertProcessing state = AlertProcessing::kUnprocessed;
  std::vector<std::string> silenced_by;   // ids of silences
  std::vector<std::string> inhibited_by;  // fingerprints
  std::vector<std::string> muted_by;      // names of time intervals; of an alert in a group: those of the group's route
  std::optional<Acknowledgement> acknowledged;
  TimestampMs cooldown_until = 0;  // wall clock; 0: none
};

struct Escalated {
  std::string policy;
  std::size_t reached = 0;  // steps
  TimestampMs since = 0;    // wall clock: from when its time counts
  std::size_t steps = 0;    // of the policy
  std::string severity;     // of the last step reached; empty: its own, or none was reached
  std::string receiver;     // of the last step reached
  TimestampMs next_at = 0;  // wall clock: the next step; 0: there is none
};

struct AlertView {
  Alert alert;  // fires
  Fingerprint fingerprint = 0;
  TimestampMs starts_at = 0;
  TimestampMs ends_at = 0;  // until when it is valid; 0: until it is told otherwise
  TimestampMs updated_at = 0;
  std::vector<std::string> receivers;  // of its routes, in their order, each once
  AlertStatus status;
  std::vector<Escalated> escalations;
};

struct GroupView {
  Labels labels;
  std::string key;
  std::string receiver;
  std::vector<std::string> muted_by;  // time intervals
  std::vector<AlertView> alerts;      // that fire
};

struct AlertSnapshot {
  TimestampMs at = 0;             // wall clock
  std::vector<AlertView> alerts;  // that fire, by fingerprint
  std::vector<GroupView> groups;  // with alerts that fire; by labels, then receiver
};

}  // namespace cachescope::notify
