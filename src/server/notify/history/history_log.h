// The history of alerts: every transition as an event in the state store, written in batches off the hot path.
//
// Thread-safe. Events: firing {startsAt, labels}, resolved {startsAt, endsAt}, notified {receiver, integration, ok,
// reason, status, notification, lead}, suppressed {why, begins}, acknowledged and unacknowledged {author, comment},
// escalated {policy, step, receiver, severity}. `subject` is the alert's fingerprint, `name` its name. One notification
// of many alerts is one event for each of the first hundred; `lead` marks one of them.
#pragma once

#include <cstdint>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/alert.h"
#include "server/notify/fingerprint.h"
#include "server/storage/state_store.h"

namespace cachescope::notify {

class HistoryLog {
 public:
  static constexpr std::size_t kMaxWaiting = 20'000;

  explicit HistoryLog(storage::StateStore* store) : store_(store) {}
  // Beyond kMaxWaiting waiting events new ones are dropped and counted.
  void Add(TimestampMs at, std::string kind, const Labels& labels, const nlohmann::ordered_json& value);
  // Writes what waits. When that fails it is kept for the next call, up to the bound.
  void Flush();
  std::uint64_t dropped() const;

 private:
  storage::StateStore* const store_;
  mutable std::mutex mu_;
  std::mutex flush_mu_;                       // one writer; taken before mu_
  std::vector<storage::StateEvent> waiting_;  // guarded by mu_
  std::uint64_t dropped_ = 0;                 // guarded by mu_
};

}  // namespace cachescope::notify
