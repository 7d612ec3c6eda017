// Who has taken care of which alert. An acknowledged alert is silent until it is over; then it is armed again.
//
// Thread-safe. Durable: a call that returned ok() has written to the state store first. The alert itself is kept with
// it, so that a restart knows what was acknowledged before anybody reports it again.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/notify/held_alert.h"
#include "server/storage/state_store.h"

namespace cachescope::notify {

struct Acknowledgement {
  Alert alert;
  TimestampMs at = 0;  // wall clock
  std::string author;
  std::string comment;
};

class Acknowledgements {
 public:
  explicit Acknowledgements(storage::StateStore* store) : store_(store) {}
  Status Load();
  // All or none. Replaces an older one of the same alert.
  Status Set(const std::vector<Acknowledgement>& acks);
  // False when there was none. The row goes with it; when that fails it is told, and it counts as gone all the same.
  Result<bool> Clear(Fingerprint fingerprint);
  bool Has(Fingerprint fingerprint) const;
  std::optional<Acknowledgement> Find(Fingerprint fingerprint) const;
  std::vector<Acknowledgement> All() const;

 private:
  storage::StateStore* const store_;
  mutable std::mutex mu_;
  std::map<Fingerprint, Acknowledgement> acks_;  // guarded by mu_
};

}  // namespace cachescope::notify
