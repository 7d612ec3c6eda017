// The notification log: what was told to whom. It is what keeps a page from being sent twice.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.h"

namespace cachescope::notify {

struct LogEntry {
  TimestampMs at = 0;
  std::set<std::uint64_t> firing;  // hashes of the alerts' labels
  std::set<std::uint64_t> resolved;
};

// In memory; the interface is what a durable one needs. Thread-safe.
class NotificationLog {
 public:
  // Whether this group must be told again to this channel: something new fires, something told as firing has resolved
  // (when `send_resolved`), or the repeat interval has passed while it fires.
  bool NeedsUpdate(const std::string& key, const std::set<std::uint64_t>& firing,
                   const std::set<std::uint64_t>& resolved, bool send_resolved, DurationMs repeat_interval,
                   TimestampMs now) const;
  void Record(const std::string& key, LogEntry entry);
  // Forgets entries older than `before`.
  void Expire(TimestampMs before);

 private:
  mutable std::mutex mu_;
  std::map<std::string, LogEntry> entries_;  // guarded by mu_
};

}  // namespace cachescope::notify
