// Holds the alerts, sorts them into groups by route and group labels, and says which groups are due. Internal to the
// module; not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/notify/config.h"
#include "server/notify/held_alert.h"

namespace cachescope::notify {

struct Group {
  const Route* route = nullptr;
  Labels labels;
  std::string key;  // as upstream shows it
  HeldMap alerts;
  TimestampMs due = 0;  // monotonic
  bool flushed = false;
  std::set<Fingerprint> hidden;  // at the last flush: what history knows as suppressed
  // Of the last flush: alerts that were over then, to be forgotten once everybody was told.
  HeldMap over;
  bool failed = false;  // somebody was not told since the last flush
};

// What Put made of an alert.
enum class Change : unsigned char { kNone, kBegins, kContinues, kEnds };

class Dispatcher {
 public:
  // Names a group in this process: route id and group labels.
  using GroupId = std::string;
  // Routes beyond the tree that an alert takes: the steps of its escalations.
  using MoreRoutes = std::function<std::vector<const Route*>(Fingerprint)>;

  explicit Dispatcher(MoreRoutes more_routes) : more_routes_(std::move(more_routes)) {}

  // Alerts are sorted again under the new tree; groups that stay keep their rhythm. The config must live until the next
  // Apply.
  void Apply(const NotifierConfig* config, Instant now);
  // Knows an alert from before a restart; Apply puts it into groups. REQUIRES: no Apply yet.
  void Adopt(const HeldPtr& alert);
  // Merges with what is known of the alert and puts it into its groups.
  Change Put(HeldPtr alert, Instant now);
  // Puts a known alert into the group of one more route, due at once.
  void Join(Fingerprint fingerprint, const Route& route, Instant now);
  // Ids of groups due, the one that waits longest first; their next time is set. Empty groups go.
  std::vector<GroupId> TakeDue(Instant now);
  // Null when it is gone.
  Group* Find(const GroupId& id);
  // Forgets the alerts of `over` that are still as they were, but those `keep` says. Returns what left its last group.
  std::vector<Fingerprint> Settle(Group* group, const std::function<bool(Fingerprint)>& keep);
  // Alerts whose end passed since the last call without anybody saying so.
  std::vector<HeldPtr> TakeEnded(Instant now);
  // Forgets alerts that are over for half an hour.
  void Collect(Instant now);

  TimestampMs NextDue() const;  // monotonic; kNever
  const HeldMap& alerts() const { return alerts_; }
  HeldPtr FindAlert(Fingerprint fingerprint) const;
  const std::map<GroupId, Group>& groups() const { return groups_; }
  std::size_t size() const { return alerts_.size(); }

 private:
  void Insert(const HeldPtr& alert, const Route& route, Instant now);

  const MoreRoutes more_routes_;
  const NotifierConfig* config_ = nullptr;
  HeldMap alerts_;
  std::map<GroupId, Group> groups_;
  std::set<std::pair<TimestampMs, Fingerprint>> ends_;  // monotonic end of alerts that fire
};

}  // namespace cachescope::notify
