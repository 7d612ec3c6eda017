#include "server/rules/alert_states.h"

#include <algorithm>

#include "model/sample.h"
#include "server/rules/rule_labels.h"

namespace cachescope::rules {
namespace {

// A resolved alert is kept and told this long, so that a receiver that was away still learns of it.
constexpr DurationMs kResolvedRetention = 15 * 60 * 1000;

// Series that wait for their end while nothing can be written; beyond it they end by not being written any more.
constexpr std::size_t kMostEnded = 200'000;

Labels AlertsLabels(const Labels& labels, AlertState state) {
  static const Overrides kPending = {{"__name__", "ALERTS"}, {"alertstate", "pending"}};
  static const Overrides kFiring = {{"__name__", "ALERTS"}, {"alertstate", "firing"}};
  return WithOverrides(labels, state == AlertState::kFiring ? kFiring : kPending);
}

Labels SinceLabels(const Labels& labels) {
  static const Overrides kName = {{"__name__", "ALERTS_FOR_STATE"}};
  return WithOverrides(labels, kName);
}

bool Matters(const Status& status) {
  return status.code() != Code::kDuplicateSample && status.code() != Code::kOutOfOrder;
}

}  // namespace

ActiveAlert* AlertStates::Find(Labels labels) {
  const auto known = alerts_.find(labels.bytes());
  if (known != alerts_.end()) {
    ActiveAlert* alert = known->second.get();
    if (alert->seen == evaluation_) return nullptr;
    alert->seen = evaluation_;
    return alert;
  }
  auto made = std::make_unique<ActiveAlert>();
  ActiveAlert* alert = made.get();
  alert->alert.labels = std::move(labels);
  alert->seen = evaluation_;
  alerts_.emplace(alert->alert.labels.bytes(), std::move(made));
  made_.push_back(alert);
  return alert;
}

void AlertStates::Abandon() {
  for (const ActiveAlert* alert : made_) alerts_.erase(alerts_.find(alert->alert.labels.bytes()));
  made_.clear();
}

void AlertStates::End(const ActiveAlert& alert, bool also_since) {
  if (alert.written == AlertState::kInactive || ended_.size() >= kMostEnded) return;
  ended_.push_back({AlertsLabels(alert.alert.labels, alert.written), alert.alerts_ref});
  if (also_since) ended_.push_back({SinceLabels(alert.alert.labels), alert.since_ref});
}

bool AlertStates::AdvanceAbsent(ActiveAlert* active, const EvaluationTime& time, const AlertTiming& timing) {
  Alert& alert = active->alert;
  if (alert.state == AlertState::kResolved) return time.steady - active->resolved_steady > kResolvedRetention;
  if (timing.hold_absent) return false;
  if (alert.state == AlertState::kPending) {
    if (timing.dropped_pending != nullptr && *timing.dropped_pending) (*timing.dropped_pending)(alert);
    return true;
  }
  if (timing.keep_firing > 0) {
    if (alert.keep_firing_since == 0) {
      alert.keep_firing_since = time.at;
      active->keep_firing_steady = time.steady;
    }
    if (time.steady - active->keep_firing_steady < timing.keep_firing) return false;
  }
  alert.state = AlertState::kResolved;
  alert.resolved_at = time.at;
  active->resolved_steady = time.steady;
  alert.keep_firing_since = 0;
  return false;
}

Status AlertStates::Advance(std::vector<AlertElement> elements, const EvaluationTime& time, const AlertTiming& timing) {
  made_.clear();
  for (AlertElement& element : elements) {
    ActiveAlert& active = *element.alert;
    Alert& alert = active.alert;
    alert.value = element.value;
    if (element.new_annotations) alert.annotations = std::move(element.annotations);
    if (alert.state == AlertState::kInactive || alert.state == AlertState::kResolved) {
      // What the store holds of it stays known: its series go on.
      alert.state = AlertState::kPending;
      alert.active_at = time.at;
      alert.fired_at = alert.resolved_at = alert.last_sent_at = 0;
      active.told = false;
      active.active_steady = time.steady;
    }
    alert.keep_firing_since = 0;
    if (alert.state == AlertState::kPending && time.steady - active.active_steady >= timing.hold) {
      alert.state = AlertState::kFiring;
      alert.fired_at = time.at;
    }
  }
  std::int64_t count = 0;
  for (auto it = alerts_.begin(); it != alerts_.end();) {
    if (it->second->seen != evaluation_ && AdvanceAbsent(it->second.get(), time, timing)) {
      End(*it->second, true);
      it = alerts_.erase(it);
      continue;
    }
    if (it->second->alert.state != AlertState::kResolved) ++count;
    ++it;
  }
  if (timing.limit <= 0 || count <= timing.limit) return {};
  for (const auto& [key, alert] : alerts_) End(*alert, true);
  alerts_.clear();
  return LimitExceeded("exceeded limit of " + std::to_string(timing.limit) + " with " + std::to_string(count) +
                       " alerts");
}

Status AlertStates::Write(storage::Appender* appender, TimestampMs t) {
  Status first;
  const auto note = [&](Labels labels, Result<storage::SeriesRef> ref, storage::SeriesRef* out) {
    if (ref.ok()) {
      *out = *ref;
    } else if (first.ok() && Matters(ref.status())) {
      first = ref.status().WithPrefix("cannot store " + labels.ToString());
    }
  };
  for (auto& [key, active] : alerts_) {
    const AlertState state = active->alert.state;
    if (state == AlertState::kResolved) {
      End(*active, true);
      active->written = AlertState::kInactive;
      continue;
    }
    if (active->written != state) {
      End(*active, false);
      active->alerts_ref = 0;
    }
    Labels labels = AlertsLabels(active->alert.labels, state);
    note(labels, appender->Append(active->alerts_ref, labels, t, 1), &active->alerts_ref);
    labels = SinceLabels(active->alert.labels);
    const auto since = static_cast<double>(active->alert.active_at / 1000);
    note(labels, appender->Append(active->since_ref, labels, t, since), &active->since_ref);
    active->written = state;
  }
  for (const Ended& ended : ended_) static_cast<void>(appender->Append(ended.ref, ended.labels, t, StaleMarker()));
  return first;
}

void AlertStates::EndAll() {
  for (auto& [key, active] : alerts_) {
    End(*active, true);
    active->written = AlertState::kInactive;
  }
}

std::vector<Alert> AlertStates::TakeDue(const EvaluationTime& time, DurationMs resend, DurationMs valid) {
  std::vector<Alert> out;
  for (auto& [key, active] : alerts_) {
    Alert& alert = active->alert;
    if (alert.state != AlertState::kFiring && alert.state != AlertState::kResolved) continue;
    const bool newly_resolved =
        alert.state == AlertState::kResolved && (!active->told || active->resolved_steady > active->sent_steady);
    if (active->told && !newly_resolved && time.steady - active->sent_steady < resend) continue;
    alert.last_sent_at = time.at;
    active->sent_steady = time.steady;
    active->told = true;
    alert.valid_until = time.at + valid;
    out.push_back(alert);
  }
  return out;
}

std::vector<Alert> AlertStates::Active() const {
  std::vector<const Alert*> order;
  for (const auto& [key, active] : alerts_) {
    const AlertState state = active->alert.state;
    if (state == AlertState::kPending || state == AlertState::kFiring) order.push_back(&active->alert);
  }
  std::sort(order.begin(), order.end(), [](const Alert* a, const Alert* b) { return a->labels < b->labels; });
  std::vector<Alert> out;
  out.reserve(order.size());
  for (const Alert* alert : order) out.push_back(*alert);
  return out;
}

AlertStates::Counts AlertStates::Count() const {
  Counts out;
  for (const auto& [key, active] : alerts_) {
    if (active->alert.state == AlertState::kPending) ++out.pending;
    if (active->alert.state == AlertState::kFiring) ++out.firing;
  }
  return out;
}

AlertState AlertStates::Worst() const {
  const Counts counts = Count();
  return counts.firing > 0 ? AlertState::kFiring : counts.pending > 0 ? AlertState::kPending : AlertState::kInactive;
}

}  // namespace cachescope::rules
