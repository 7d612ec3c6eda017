#include "server/notify/dispatcher.h"

#include <algorithm>

namespace cachescope::notify {
namespace {

constexpr DurationMs kKeepOver = 30 * 60'000;

}  // namespace

void Dispatcher::Apply(const NotifierConfig* config, Instant now) {
  std::map<GroupId, Group> old = std::move(groups_);
  groups_.clear();
  config_ = config;
  // Alerts that are over stay only where they stood: everybody else was told.
  std::set<Fingerprint> standing;
  for (const auto& [id, group] : old) {
    for (const auto& [fingerprint, alert] : group.alerts) standing.insert(fingerprint);
  }
  for (const auto& [fingerprint, alert] : alerts_) {
    if (alert->Over(now.mono) && standing.count(fingerprint) == 0) continue;
    for (const Route* route : config_->root->Match(alert->alert.labels)) Insert(alert, *route, now);
    for (const Route* route : more_routes_(fingerprint)) Insert(alert, *route, now);
  }
  for (auto& [id, group] : groups_) {
    const auto before = old.find(id);
    if (before == old.end()) continue;
    group.due = before->second.due;
    group.flushed = before->second.flushed;
    group.hidden = std::move(before->second.hidden);
  }
}

void Dispatcher::Adopt(const HeldPtr& alert) {
  alerts_[alert->fingerprint] = alert;
  ends_.insert({alert->ends_mono, alert->fingerprint});
}

void Dispatcher::Insert(const HeldPtr& alert, const Route& route, Instant now) {
  const Labels labels = route.GroupLabels(alert->alert.labels);
  auto [it, is_new] = groups_.try_emplace(route.id + "\n" + labels.bytes());
  Group& group = it->second;
  if (is_new) {
    group.route = &route;
    group.labels = labels;
    group.key = route.GroupKey(labels);
    group.due = now.mono + route.group_wait;
  }
  group.alerts[alert->fingerprint] = alert;
  // As upstream: one that fires for longer than group_wait (after a restart, say) is told at once.
  if (!group.flushed && alert->alert.fired_at + route.group_wait < now.wall) group.due = std::min(group.due, now.mono);
}

Change Dispatcher::Put(HeldPtr alert, Instant now) {
  const Fingerprint fingerprint = alert->fingerprint;
  const HeldPtr old = FindAlert(fingerprint);
  const bool fired = old != nullptr && !old->Over(now.mono);
  // Senders repeat for a while that an alert is over: that is no news, and must not stand in a group again.
  if (old != nullptr && !fired && alert->Over(now.mono) && alert->ends_at <= old->ends_at) return Change::kNone;
  alert = MergeHeld(old, std::move(alert), now);
  if (old != nullptr && old->ends_mono != kNever) ends_.erase({old->ends_mono, fingerprint});
  alerts_[fingerprint] = alert;
  const bool fires = !alert->Over(now.mono);
  if (fires && alert->ends_mono != kNever) ends_.insert({alert->ends_mono, fingerprint});
  for (const Route* route : config_->root->Match(alert->alert.labels)) Insert(alert, *route, now);
  for (const Route* route : more_routes_(fingerprint)) Insert(alert, *route, now);
  if (fires) return fired ? Change::kContinues : Change::kBegins;
  return fired ? Change::kEnds : Change::kNone;
}

void Dispatcher::Join(Fingerprint fingerprint, const Route& route, Instant now) {
  const HeldPtr alert = FindAlert(fingerprint);
  if (alert == nullptr) return;
  Insert(alert, route, now);
  groups_[route.id + "\n" + route.GroupLabels(alert->alert.labels).bytes()].due = now.mono;
}

std::vector<Dispatcher::GroupId> Dispatcher::TakeDue(Instant now) {
  std::vector<std::pair<TimestampMs, GroupId>> due;
  for (auto it = groups_.begin(); it != groups_.end();) {
    Group& group = it->second;
    if (group.due > now.mono) {
      ++it;
    } else if (group.alerts.empty()) {
      it = groups_.erase(it);
    } else {
      due.emplace_back(group.due, it->first);
      group.flushed = true;
      group.due = now.mono + group.route->group_interval;
      ++it;
    }
  }
  std::sort(due.begin(), due.end());
  std::vector<GroupId> out;
  for (auto& [at, id] : due) out.push_back(std::move(id));
  return out;
}

Group* Dispatcher::Find(const GroupId& id) {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : &found->second;
}

std::vector<Fingerprint> Dispatcher::Settle(Group* group, const std::function<bool(Fingerprint)>& keep) {
  std::vector<Fingerprint> left;
  for (const auto& [fingerprint, alert] : group->over) {
    const auto held = group->alerts.find(fingerprint);
    if (held == group->alerts.end() || held->second != alert || keep(fingerprint)) continue;
    group->alerts.erase(held);
    left.push_back(fingerprint);
  }
  group->over.clear();
  std::erase_if(left, [this](Fingerprint fingerprint) {
    return std::any_of(groups_.begin(), groups_.end(),
                       [&](const auto& entry) { return entry.second.alerts.count(fingerprint) != 0; });
  });
  return left;
}

std::vector<HeldPtr> Dispatcher::TakeEnded(Instant now) {
  std::vector<HeldPtr> out;
  while (!ends_.empty() && ends_.begin()->first <= now.mono) {
    if (const HeldPtr alert = FindAlert(ends_.begin()->second); alert != nullptr && alert->Over(now.mono))
      out.push_back(alert);
    ends_.erase(ends_.begin());
  }
  return out;
}

void Dispatcher::Collect(Instant now) {
  std::set<Fingerprint> standing;
  for (const auto& [id, group] : groups_) {
    for (const auto& [fingerprint, alert] : group.alerts) standing.insert(fingerprint);
  }
  std::erase_if(alerts_, [&](const auto& entry) {
    return entry.second->Over(now.mono - kKeepOver) && standing.count(entry.first) == 0;
  });
}

TimestampMs Dispatcher::NextDue() const {
  TimestampMs next = kNever;
  for (const auto& [id, group] : groups_) next = std::min(next, group.due);
  if (!ends_.empty()) next = std::min(next, ends_.begin()->first);
  return next;
}

HeldPtr Dispatcher::FindAlert(Fingerprint fingerprint) const {
  const auto found = alerts_.find(fingerprint);
  return found == alerts_.end() ? nullptr : found->second;
}

}  // namespace cachescope::notify
