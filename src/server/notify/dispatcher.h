// Sorts alerts into groups by route and group labels, and says which groups are due. Internal to the module; not
// thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/notify/config.h"

namespace cachescope::notify {

// A group whose time has come, with the alerts it holds now.
struct DueGroup {
  std::string key;
  const Route* route = nullptr;
  Labels labels;
  std::vector<Alert> alerts;
};

class Dispatcher {
 public:
  // Alerts in existing groups are sorted again under the new tree. The config must stay alive until the next Apply.
  void Apply(std::shared_ptr<const NotifierConfig> config, TimestampMs now);
  void Put(const Alert& alert, TimestampMs now);
  // Groups due at `now`; their next time is set. Alerts past their validity count as resolved.
  std::vector<DueGroup> TakeDue(TimestampMs now);
  // Called after a group was told: resolved alerts that were part of it are forgotten.
  void Forget(const std::string& key, const std::vector<Alert>& told);
  // Time of the next due group, or INT64_MAX.
  TimestampMs NextDue() const;
  std::size_t alerts() const;

 private:
  struct Group {
    const Route* route = nullptr;
    Labels labels;
    std::map<std::string, Alert> alerts;  // by label bytes
    TimestampMs due = 0;
    bool flushed = false;
  };
  std::shared_ptr<const NotifierConfig> config_;
  std::map<std::string, Group> groups_;
};

}  // namespace cachescope::notify
