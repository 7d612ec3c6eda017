// Groups whose time has come: what goes on to whom.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/notify/notifier_impl.h"
#include "server/notify/stages/acknowledge_stage.h"
#include "server/notify/stages/cooldown_stage.h"
#include "server/notify/stages/inhibit_stage.h"
#include "server/notify/stages/silence_stage.h"
#include "server/notify/stages/time_stage.h"

namespace cachescope::notify {
namespace {

constexpr DurationMs kMaintenance = 30'000;

}  // namespace

void NotifierImpl::Collect() {
  const Instant now = Now();
  TakeWaiting(now);
  for (const HeldPtr& held : dispatcher_.TakeEnded(now)) Ended(*held, now);
  Escalate(now);
  for (const Dispatcher::GroupId& id : dispatcher_.TakeDue(now)) Flush(id, now);
  if (now.mono < next_maintenance_) return;
  next_maintenance_ = now.mono + kMaintenance;
  log_.Expire(now);
  silences_.Collect(now.wall);
  cooldowns_.Expire(now);
  inhibitor_.Expire(now.mono);
  dispatcher_.Collect(now);
}

Batch NotifierImpl::RunStages(const Group& group, Instant now) const {
  Batch batch;
  batch.route = group.route;
  batch.now = now;
  for (const auto& [fingerprint, held] : group.alerts) batch.alerts.push_back({held, held->Over(now.mono), false});
  std::stable_sort(batch.alerts.begin(), batch.alerts.end(), [](const Candidate& a, const Candidate& b) {
    return AlertBefore(a.held->alert.labels, b.held->alert.labels);
  });
  RunInhibitStage(inhibitor_, &batch);
  RunTimeStage(*config_, &batch);
  RunSilenceStage(silences_, &batch);
  RunCooldownStage(cooldowns_, &batch);
  RunAcknowledgeStage(acks_, &batch);
  return batch;
}

bool NotifierImpl::IsBlocked(const Alert& alert, Instant now) const {
  const Fingerprint fingerprint = FingerprintOf(alert.labels);
  const HeldPtr held = dispatcher_.FindAlert(fingerprint);
  return held == nullptr || held->Over(now.mono) || acks_.Has(fingerprint) || cooldowns_.Hides(*held, now) ||
         !silences_.SilencedBy(alert.labels, now.wall).empty() ||
         !inhibitor_.InhibitedBy(alert.labels, now.mono).empty();
}

// Into history: which alerts of the group are hidden from now on, and which no longer are.
void NotifierImpl::NoteHidden(Group* group, const Batch& batch) {
  std::set<Fingerprint> hidden;
  for (const Hidden& item : batch.hidden) {
    const Fingerprint fingerprint = item.held->fingerprint;
    hidden.insert(fingerprint);
    if (group->hidden.count(fingerprint) == 0 && !item.held->Over(batch.now.mono))
      history_.Add(batch.now.wall, "suppressed", item.held->alert.labels,
                   {{"why", HiddenByName(item.why)}, {"begins", true}});
  }
  for (const Fingerprint fingerprint : group->hidden) {
    const auto held = group->alerts.find(fingerprint);
    if (hidden.count(fingerprint) != 0 || held == group->alerts.end()) continue;
    history_.Add(batch.now.wall, "suppressed", held->second->alert.labels, {{"begins", false}});
  }
  group->hidden = std::move(hidden);
}

void NotifierImpl::Flush(const Dispatcher::GroupId& id, Instant now) {
  Group* group = dispatcher_.Find(id);
  const Batch batch = RunStages(*group, now);
  NoteHidden(group, batch);
  group->failed = false;
  group->over.clear();
  for (const auto& [fingerprint, held] : group->alerts) {
    if (held->Over(now.mono)) group->over.emplace(fingerprint, held);
  }
  const Receiver* receiver = config_->FindReceiver(group->route->receiver);
  for (std::size_t i = 0; i < receiver->integrations.size(); ++i) {
    const ConfiguredIntegration& integration = receiver->integrations[i];
    const Decision decision =
        RunDedupStage(log_, LogKey(group->key, receiver->name, integration), integration.send_resolved, batch);
    if (!decision.news) continue;
    const SendQueue::Key key{id, i};
    if (SendQueue::Job* job = queue_.Find(key)) {
      // It waits already. Other news than the last attempt's go at once.
      if (job->last_id != decision.id) queue_.Hurry(key, now.mono);
    } else if (!queue_.Add(key, receiver->name, now.mono)) {
      ++counters_.queue_full;
      group->failed = true;
    }
  }
  if (!queue_.HasGroup(id)) SettleGroup(group, id);
}

void NotifierImpl::SettleGroup(Group* group, const Dispatcher::GroupId&) {
  if (group->failed) return;
  // An alert that was over while something hid it, and that somebody was told of, is told when nothing hides it.
  const std::string prefix = group->key + ":";
  const auto keep = [&](Fingerprint fingerprint) {
    return group->hidden.count(fingerprint) != 0 && log_.ToldFiring(prefix, fingerprint);
  };
  for (const Fingerprint fingerprint : dispatcher_.Settle(group, keep)) escalations_.Forget(fingerprint);
}

}  // namespace cachescope::notify
