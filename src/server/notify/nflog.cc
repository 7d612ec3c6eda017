#include "server/notify/nflog.h"

#include <algorithm>

namespace cachescope::notify {

bool NotificationLog::NeedsUpdate(const std::string& key, const std::set<std::uint64_t>& firing,
                                  const std::set<std::uint64_t>& resolved, bool send_resolved,
                                  DurationMs repeat_interval, TimestampMs now) const {
  const std::lock_guard lock(mu_);
  const auto found = entries_.find(key);
  // Nothing was told yet: only a firing alert is news.
  if (found == entries_.end()) return !firing.empty();
  const LogEntry& entry = found->second;
  if (!std::includes(entry.firing.begin(), entry.firing.end(), firing.begin(), firing.end())) return true;
  if (firing.empty()) return !entry.firing.empty() && send_resolved;
  if (send_resolved && !std::includes(entry.resolved.begin(), entry.resolved.end(), resolved.begin(), resolved.end()))
    return true;
  return now - entry.at >= repeat_interval;
}

void NotificationLog::Record(const std::string& key, LogEntry entry) {
  const std::lock_guard lock(mu_);
  entries_[key] = std::move(entry);
}

void NotificationLog::Expire(TimestampMs before) {
  const std::lock_guard lock(mu_);
  std::erase_if(entries_, [&](const auto& item) { return item.second.at < before; });
}

}  // namespace cachescope::notify
