#include "server/notify/dispatcher.h"

#include <limits>

namespace cachescope::notify {

void Dispatcher::Apply(std::shared_ptr<const NotifierConfig> config, TimestampMs now) {
  std::map<std::string, Group> old = std::move(groups_);
  groups_.clear();
  config_ = std::move(config);
  for (const auto& [key, group] : old) {
    for (const auto& [labels, alert] : group.alerts) Put(alert, now);
  }
  // A group that existed before keeps its rhythm instead of waiting group_wait again.
  for (auto& [key, group] : groups_) {
    if (const auto before = old.find(key); before != old.end()) {
      group.due = before->second.due;
      group.flushed = before->second.flushed;
    }
  }
}

void Dispatcher::Put(const Alert& alert, TimestampMs now) {
  if (config_ == nullptr) return;
  for (const Route* route : config_->root->Match(alert.labels)) {
    const Labels labels = route->GroupLabels(alert.labels);
    const std::string key = route->id + ":" + labels.ToString();
    Group& group = groups_[key];
    if (group.route == nullptr) {
      // An alert that is already over and was never told needs no group.
      if (alert.resolved_at != 0) {
        groups_.erase(key);
        continue;
      }
      group.route = route;
      group.labels = labels;
      // As upstream: an alert that fires for longer than group_wait (after a restart, say) is told at once.
      group.due = alert.fired_at != 0 && now - alert.fired_at > route->group_wait ? now : now + route->group_wait;
    }
    const std::string id = alert.labels.bytes();
    if (alert.resolved_at != 0 && group.alerts.find(id) == group.alerts.end()) continue;
    group.alerts[id] = alert;
  }
}

std::vector<DueGroup> Dispatcher::TakeDue(TimestampMs now) {
  std::vector<DueGroup> out;
  for (auto it = groups_.begin(); it != groups_.end();) {
    Group& group = it->second;
    if (group.due > now) {
      ++it;
      continue;
    }
    if (group.alerts.empty()) {
      it = groups_.erase(it);
      continue;
    }
    DueGroup due;
    due.key = it->first;
    due.route = group.route;
    due.labels = group.labels;
    for (auto& [id, alert] : group.alerts) {
      if (alert.resolved_at == 0 && alert.valid_until != 0 && alert.valid_until < now)
        alert.resolved_at = alert.valid_until;
      due.alerts.push_back(alert);
    }
    group.flushed = true;
    group.due = now + group.route->group_interval;
    out.push_back(std::move(due));
    ++it;
  }
  return out;
}

void Dispatcher::Forget(const std::string& key, const std::vector<Alert>& told) {
  const auto group = groups_.find(key);
  if (group == groups_.end()) return;
  for (const Alert& alert : told) {
    if (alert.resolved_at == 0) continue;
    const auto held = group->second.alerts.find(alert.labels.bytes());
    // It may have fired again meanwhile.
    if (held != group->second.alerts.end() && held->second.resolved_at == alert.resolved_at)
      group->second.alerts.erase(held);
  }
}

TimestampMs Dispatcher::NextDue() const {
  TimestampMs next = std::numeric_limits<TimestampMs>::max();
  for (const auto& [key, group] : groups_) next = std::min(next, group.due);
  return next;
}

std::size_t Dispatcher::alerts() const {
  std::size_t n = 0;
  for (const auto& [key, group] : groups_) n += group.alerts.size();
  return n;
}

}  // namespace cachescope::notify
