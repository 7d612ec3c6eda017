// Cooldown: an alert that fires again soon after it was over is not told until the cooldown ends, and only when it
// still fires then.
//
// The clock runs from the end of the last episode that could be told, so an alert that flaps without end is told once
// per cooldown. Thread-safe. Durable.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "server/notify/config.h"
#include "server/notify/held_alert.h"
#include "server/storage/state_store.h"

namespace cachescope::notify {

class Cooldowns {
 public:
  explicit Cooldowns(storage::StateStore* store) : store_(store) {}
  Status Load(Instant now);
  // The policies live as long as the configuration that is in force.
  void SetPolicies(const std::vector<CooldownPolicy>* policies);

  // An episode of the alert is over.
  void Over(const HeldAlert& held, Instant now);
  // Counts an episode that begins inside a cooldown.
  void Begins(const HeldAlert& held, Instant now);
  // Whether this episode is not to be told (yet): it fires inside a cooldown, or was over before that ended.
  bool Hides(const HeldAlert& held, Instant now) const;
  // Wall clock; 0 when none runs.
  TimestampMs EndsAt(Fingerprint fingerprint, Instant now) const;
  std::uint64_t hidden() const;  // episodes
  void Expire(Instant now);

 private:
  struct Rest {
    TimestampMs over_at = 0;  // wall clock
    TimestampMs until = 0;    // wall clock
    TimestampMs until_mono = 0;
  };
  bool HidesLocked(const HeldAlert& held, Instant now) const;  // REQUIRES: mu_ held
  DurationMs CooldownOf(const Labels& labels) const;           // REQUIRES: mu_ held

  storage::StateStore* const store_;
  mutable std::mutex mu_;
  const std::vector<CooldownPolicy>* policies_ = nullptr;  // all guarded by mu_
  std::map<Fingerprint, Rest> rests_;
  std::uint64_t hidden_ = 0;
};

}  // namespace cachescope::notify
