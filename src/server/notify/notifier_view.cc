#include <algorithm>

#include "server/notify/notifier_impl.h"
#include "server/notify/stages/time_stage.h"

namespace cachescope::notify {

const char* AlertProcessingName(AlertProcessing state) noexcept {
  return state == AlertProcessing::kActive       ? "active"
         : state == AlertProcessing::kSuppressed ? "suppressed"
                                                 : "unprocessed";
}

namespace {

Escalated EscalatedOf(const Climb& climb, const std::vector<EscalationPolicy>& policies) {
  Escalated out;
  out.policy = climb.policy;
  out.reached = climb.steps;
  out.since = climb.since;
  for (const EscalationPolicy& policy : policies) {
    if (policy.name != climb.policy) continue;
    out.steps = policy.steps.size();
    if (climb.steps > 0 && climb.steps <= out.steps) {
      out.severity = policy.steps[climb.steps - 1].severity;
      out.receiver = policy.steps[climb.steps - 1].route->receiver;
    }
    if (climb.steps < out.steps) out.next_at = climb.since + policy.steps[climb.steps].after;
  }
  return out;
}

}  // namespace

AlertView NotifierImpl::ViewOf(const HeldAlert& held, Instant now) const {
  AlertView out;
  out.alert = held.At(now.mono);
  out.fingerprint = held.fingerprint;
  out.starts_at = held.alert.fired_at;
  out.ends_at = held.ends_at == kNever ? 0 : held.ends_at;
  out.updated_at = held.updated_at;
  for (const Route* route : config_->root->Match(held.alert.labels)) {
    if (std::find(out.receivers.begin(), out.receivers.end(), route->receiver) == out.receivers.end())
      out.receivers.push_back(route->receiver);
  }
  AlertStatus& status = out.status;
  status.silenced_by = silences_.SilencedBy(held.alert.labels, now.wall);
  for (const Fingerprint by : inhibitor_.InhibitedBy(held.alert.labels, now.mono))
    status.inhibited_by.push_back(FingerprintText(by));
  status.acknowledged = acks_.Find(held.fingerprint);
  if (cooldowns_.Hides(held, now)) status.cooldown_until = cooldowns_.EndsAt(held.fingerprint, now);
  const bool suppressed = !status.silenced_by.empty() || !status.inhibited_by.empty() || status.cooldown_until != 0;
  status.state = suppressed ? AlertProcessing::kSuppressed : AlertProcessing::kActive;
  return out;
}

AlertSnapshot NotifierImpl::Snapshot() const {
  const std::lock_guard lock(mu_);
  const Instant now = Now();
  AlertSnapshot out;
  out.at = now.wall;
  std::map<Fingerprint, AlertView> views;
  for (const auto& [fingerprint, held] : dispatcher_.alerts()) {
    if (!held->Over(now.mono)) views.emplace(fingerprint, ViewOf(*held, now));
  }
  for (const Climb& climb : escalations_.All()) {
    const auto view = views.find(FingerprintOf(climb.alert.labels));
    if (view != views.end()) view->second.escalations.push_back(EscalatedOf(climb, config_->escalations));
  }
  for (const auto& [id, group] : dispatcher_.groups()) {
    GroupView shown;
    shown.labels = group.labels;
    shown.key = group.key;
    shown.receiver = group.route->receiver;
    shown.muted_by = MutedBy(*group.route, *config_, now.wall);
    for (const auto& [fingerprint, held] : group.alerts) {
      const auto view = views.find(fingerprint);
      if (view == views.end()) continue;
      shown.alerts.push_back(view->second);
      shown.alerts.back().status.muted_by = shown.muted_by;
      if (shown.muted_by.empty()) continue;
      shown.alerts.back().status.state = AlertProcessing::kSuppressed;
      auto& muted = view->second.status.muted_by;
      muted.insert(muted.end(), shown.muted_by.begin(), shown.muted_by.end());
      view->second.status.state = AlertProcessing::kSuppressed;
    }
    std::sort(shown.alerts.begin(), shown.alerts.end(),
              [](const AlertView& a, const AlertView& b) { return AlertBefore(a.alert.labels, b.alert.labels); });
    if (!shown.alerts.empty()) out.groups.push_back(std::move(shown));
  }
  std::sort(out.groups.begin(), out.groups.end(), [](const GroupView& a, const GroupView& b) {
    const int order = Labels::Compare(a.labels, b.labels);
    return order != 0 ? order < 0 : a.receiver < b.receiver;
  });
  for (auto& [fingerprint, view] : views) out.alerts.push_back(std::move(view));
  return out;
}

}  // namespace cachescope::notify
