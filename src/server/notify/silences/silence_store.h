// All silences: created, changed, expired, matched, kept for a while after their end, and durable.
//
// Thread-safe. A call that returned ok() has written to the state store first.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/notify/silences/silence.h"
#include "server/storage/state_store.h"

namespace cachescope::notify {

class SilenceStore {
 public:
  static constexpr DurationMs kRetention = 120LL * 3600 * 1000;  // after its end

  // `store` may be null: then nothing survives. It outlives this object.
  explicit SilenceStore(storage::StateStore* store, SilenceLimits limits = {}) : store_(store), limits_(limits) {}

  // Reads what the store has. kIoError, kCorruption for a row that does not parse (the others are read).
  Status Load(TimestampMs now);

  // Creates (no id) or changes one and returns its id. A change that history forbids expires the old silence and makes
  // a new one: other matchers, another start of one that has begun, anything about one that is over. kNotFound: no such
  // id; kInvalidArgument: see ValidateSilence, and an end in the past; kLimitExceeded: too many.
  Result<std::string> Set(Silence silence, TimestampMs now);
  // kNotFound; kInvalidArgument when it is over already.
  Status Expire(const std::string& id, TimestampMs now);

  Result<Silence> Get(const std::string& id) const;  // kNotFound
  std::vector<Silence> All() const;                  // by id
  // Ids of the active silences that match, sorted. O(silences).
  std::vector<std::string> SilencedBy(const Labels& labels, TimestampMs now) const;
  // Forgets those over for kRetention.
  void Collect(TimestampMs now);
  std::size_t size() const;

 private:
  Status Write(const std::vector<Silence>& silences);  // REQUIRES: mu_ held
  Result<std::string> Create(Silence silence, TimestampMs now, std::vector<Silence> also);

  storage::StateStore* const store_;
  const SilenceLimits limits_;
  mutable std::mutex mu_;
  std::map<std::string, Silence> silences_;  // guarded by mu_
};

// A random UUID (version 4).
std::string NewUuid();

}  // namespace cachescope::notify
