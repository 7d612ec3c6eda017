// The notification log: what was told to whom. It is what keeps a page from being sent twice, also across a kill.
//
// Thread-safe. Record writes to the state store before it returns; a repeat is possible only when the process dies
// between the receiver's answer and that write.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/notify/held_alert.h"
#include "server/storage/state_store.h"

namespace cachescope::notify {

struct LogEntry {
  TimestampMs at = 0;       // wall clock
  TimestampMs at_mono = 0;  // the same instant, for intervals
  std::set<Fingerprint> firing;
  std::set<Fingerprint> resolved;
  TimestampMs expires_at = 0;    // wall clock
  TimestampMs expires_mono = 0;  // the same instant: this one decides
  std::vector<Alert> alerts;     // the firing ones, as far as they fit a row: told again after a restart
};

// What a group has to say now.
struct News {
  std::set<Fingerprint> firing;
  std::set<Fingerprint> quiet;  // of these, acknowledged: they cause nothing
  std::set<Fingerprint> resolved;
};

class NotificationLog {
 public:
  static constexpr DurationMs kRetention = 120LL * 3600 * 1000;

  explicit NotificationLog(storage::StateStore* store) : store_(store) {}
  // Reads what the store has. Rows that do not parse are skipped; the first error is returned.
  Status Load(Instant now);

  // Whether this group must be told (again) to this channel, as upstream decides: something new fires, something told
  // as firing has resolved (when `send_resolved`, or when nothing fires any more), or the repeat interval has passed
  // while something fires that nobody acknowledged.
  bool NeedsUpdate(const std::string& key, const News& news, bool send_resolved, DurationMs repeat_interval,
                   Instant now) const;
  // kIoError, kUnavailable: it holds in memory, but a restart may repeat it.
  Status Record(const std::string& key, LogEntry entry);
  // Keeps an entry that acknowledged alerts still need.
  void Prolong(const std::string& key, Instant now);
  std::optional<LogEntry> Find(const std::string& key) const;
  // Whether any entry whose key begins with `prefix` told this alert as firing.
  bool ToldFiring(const std::string& prefix, Fingerprint fingerprint) const;
  // Every alert told as firing, with the wall clock of the telling: what was known before a restart.
  std::vector<Alert> FiringAlerts() const;
  // Forgets what has expired.
  void Expire(Instant now);
  std::size_t size() const;

 private:
  storage::StateStore* const store_;
  mutable std::mutex mu_;
  std::map<std::string, LogEntry> entries_;  // guarded by mu_
};

}  // namespace cachescope::notify
