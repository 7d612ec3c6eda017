// Escalation: an alert that nobody acknowledges climbs the steps of its policies.
//
// Time counts from the first notification of the alert, or from its beginning when nobody is told. What was reached is
// durable, with the alert itself, so a restart neither repeats nor forgets a step. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/notify/config.h"
#include "server/notify/held_alert.h"
#include "server/storage/state_store.h"

namespace cachescope::notify {

// One alert on one policy.
struct Climb {
  Alert alert;
  std::string policy;
  TimestampMs since = 0;  // wall clock: first notification, or beginning
  TimestampMs since_mono = 0;
  bool told = false;      // `since` is the first notification
  bool over = false;      // the alert is; kept until everybody it reached is told
  std::size_t steps = 0;  // reached
};

class Escalations {
 public:
  explicit Escalations(storage::StateStore* store) : store_(store) {}
  Status Load(Instant now);
  // The policies live as long as the configuration that is in force. Climbs on policies that are gone rest.
  void SetPolicies(const std::vector<EscalationPolicy>* policies);

  // The alert fires: begins its climbs, or begins them anew after the alert was over.
  void Fires(const HeldAlert& held, Instant now);
  // Somebody was told of it.
  void Told(const HeldAlert& held, Instant now);
  void Over(Fingerprint fingerprint);
  // Everybody was told that it is over.
  void Forget(Fingerprint fingerprint);

  // Routes of the steps this alert has reached.
  std::vector<const Route*> RoutesOf(Fingerprint fingerprint) const;
  // Takes the next step of every climb that is due and not `blocked` (acknowledged, silenced …); returns whose climbs
  // moved and to which step's route. Durable when it returns; a write that fails is tried at the next call.
  struct Step {
    Alert alert;
    std::string policy;
    std::size_t number = 0;  // from 1
    const Route* route = nullptr;
  };
  std::vector<Step> TakeDue(Instant now, const std::function<bool(const Alert&)>& blocked);
  // Monotonic time of the next step; kNever.
  TimestampMs NextDue() const;
  std::vector<Climb> All() const;

 private:
  // REQUIRES: mu_ held.
  const EscalationPolicy* PolicyOf(const std::string& name) const;
  Status Write(Fingerprint fingerprint, const Climb& climb) const;
  void Erase(Fingerprint fingerprint, const std::string& policy) const;

  storage::StateStore* const store_;
  mutable std::mutex mu_;
  const std::vector<EscalationPolicy>* policies_ = nullptr;      // guarded by mu_
  std::map<std::pair<Fingerprint, std::string>, Climb> climbs_;  // guarded by mu_
};

}  // namespace cachescope::notify
