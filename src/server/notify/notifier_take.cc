// Alerts on their way in, and what people do with them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "server/notify/matchers.h"
#include "server/notify/notifier_impl.h"

namespace cachescope::notify {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxWaiting = 10'000;
constexpr std::size_t kMaxAlerts = 100'000;

Json Object(const Labels& labels) {
  Json out = Json::object();
  for (const LabelView& label : labels) out[std::string(label.name)] = std::string(label.value);
  return out;
}

// Upstream's words.
Status Validate(const ExternalAlert& alert) {
  for (const auto& [labels, what] : {std::pair{&alert.labels, "label"}, std::pair{&alert.annotations, "annotation"}}) {
    for (const LabelView& label : *labels) {
      if (label.name.empty() || !IsValidUtf8(label.name))
        return InvalidArgument(std::string("invalid ") + what + " set: invalid name \"" + std::string(label.name) +
                               "\"");
      if (!IsValidUtf8(label.value))
        return InvalidArgument(std::string("invalid ") + what + " set: the value of \"" + std::string(label.name) +
                               "\" is not valid UTF-8");
    }
  }
  if (alert.ends_at != 0 && alert.starts_at > alert.ends_at)
    return InvalidArgument("start time must be before end time");
  if (alert.labels.empty()) return InvalidArgument("at least one label pair required");
  return {};
}

}  // namespace

void NotifierImpl::Enqueue(Waiting waiting) {
  if (waiting_.size() >= kMaxWaiting) {
    ++counters_.dropped;
  } else {
    waiting_.push_back(std::move(waiting));
  }
}

void NotifierImpl::Put(const std::vector<Alert>& alerts) {
  const std::lock_guard lock(mu_);
  for (const Alert& alert : alerts) Enqueue({alert, false});
  dispatch_wake_.notify_all();
}

Status NotifierImpl::PutExternal(const std::vector<ExternalAlert>& alerts) {
  const TimestampMs now = wall_.NowMs();
  std::string errors;
  const std::lock_guard lock(mu_);
  for (ExternalAlert in : alerts) {
    if (in.starts_at == 0) in.starts_at = in.ends_at == 0 ? now : in.ends_at;
    if (const Status status = Validate(in); !status.ok()) {
      ++counters_.received_invalid;
      errors += (errors.empty() ? "" : "; ") + std::string(status.message());
      continue;
    }
    Waiting out;
    out.timeout = in.ends_at == 0;
    if (out.timeout) in.ends_at = now + config_->resolve_timeout;
    out.alert.labels = std::move(in.labels);
    out.alert.annotations = std::move(in.annotations);
    out.alert.generator_url = std::move(in.generator_url);
    out.alert.active_at = out.alert.fired_at = in.starts_at;
    out.alert.last_sent_at = now;
    const bool over = in.ends_at <= now;
    out.alert.state = over ? AlertState::kResolved : AlertState::kFiring;
    (over ? out.alert.resolved_at : out.alert.valid_until) = in.ends_at;
    ++(over ? counters_.received_resolved : counters_.received_firing);
    Enqueue(std::move(out));
  }
  dispatch_wake_.notify_all();
  return errors.empty() ? Status() : InvalidArgument(errors);
}

void NotifierImpl::TakeWaiting(Instant now) {
  for (const Waiting& waiting : waiting_) {
    const HeldPtr held = MakeHeld(waiting.alert, waiting.timeout, now);
    if (dispatcher_.size() >= kMaxAlerts && dispatcher_.FindAlert(held->fingerprint) == nullptr) {
      ++counters_.dropped;
      continue;
    }
    TakeAlert(held, now);
  }
  waiting_.clear();
}

void NotifierImpl::TakeAlert(const HeldPtr& alert, Instant now) {
  const Change change = dispatcher_.Put(alert, now);
  const HeldPtr held = dispatcher_.FindAlert(alert->fingerprint);
  inhibitor_.Update(held->alert.labels, held->ends_mono, now.mono);
  if (change == Change::kBegins) {
    history_.Add(now.wall, "firing", held->alert.labels,
                 {{"startsAt", held->alert.fired_at}, {"labels", Object(held->alert.labels)}});
    cooldowns_.Begins(*held, now);
  }
  if (change == Change::kBegins || change == Change::kContinues) escalations_.Fires(*held, now);
  if (change == Change::kEnds) Ended(*held, now);
}

void NotifierImpl::Ended(const HeldAlert& held, Instant now) {
  history_.Add(now.wall, "resolved", held.alert.labels, {{"startsAt", held.alert.fired_at}, {"endsAt", held.ends_at}});
  inhibitor_.Update(held.alert.labels, held.ends_mono, now.mono);
  cooldowns_.Over(held, now);
  escalations_.Over(held.fingerprint);
  // Armed again.
  if (const auto cleared = acks_.Clear(held.fingerprint); !cleared.ok())
    LogError("cannot forget an acknowledgement", {{"error", std::string(cleared.status().message())}});
}

void NotifierImpl::Escalate(Instant now) {
  const auto blocked = [this, now](const Alert& alert) { return IsBlocked(alert, now); };
  for (const Escalations::Step& step : escalations_.TakeDue(now, blocked)) {
    ++counters_.escalated;
    history_.Add(now.wall, "escalated", step.alert.labels,
                 {{"policy", step.policy},
                  {"step", step.number},
                  {"receiver", step.route->receiver},
                  {"severity", step.route->severity}});
    dispatcher_.Join(FingerprintOf(step.alert.labels), *step.route, now);
  }
}

Status NotifierImpl::AcknowledgeLocked(const std::vector<HeldPtr>& alerts, const std::string& author,
                                       const std::string& comment) {
  const TimestampMs now = wall_.NowMs();
  std::vector<Acknowledgement> acks;
  for (const HeldPtr& held : alerts) acks.push_back({held->alert, now, author, comment});
  CACHESCOPE_RETURN_IF_ERROR(acks_.Set(acks));
  for (const HeldPtr& held : alerts)
    history_.Add(now, "acknowledged", held->alert.labels, {{"author", author}, {"comment", comment}});
  // What people did is written at once, what the program did within a second.
  history_.Flush();
  return {};
}

Result<std::vector<Fingerprint>> NotifierImpl::Acknowledge(const std::vector<Matcher>& matchers,
                                                           const std::string& author, const std::string& comment) {
  if (matchers.empty()) return InvalidArgument("cannot acknowledge: no matchers");
  const std::lock_guard lock(mu_);
  const Instant now = Now();
  TakeWaiting(now);
  std::vector<HeldPtr> found;
  std::vector<Fingerprint> out;
  for (const auto& [fingerprint, held] : dispatcher_.alerts()) {
    if (held->Over(now.mono) || !MatchAll(matchers, held->alert.labels)) continue;
    found.push_back(held);
    out.push_back(fingerprint);
  }
  if (found.empty()) return NotFound("cannot acknowledge: no firing alert matches");
  CACHESCOPE_RETURN_IF_ERROR(AcknowledgeLocked(found, author, comment));
  return out;
}

Status NotifierImpl::Acknowledge(Fingerprint fingerprint, const std::string& author, const std::string& comment) {
  const std::lock_guard lock(mu_);
  const Instant now = Now();
  TakeWaiting(now);
  const HeldPtr held = dispatcher_.FindAlert(fingerprint);
  if (held == nullptr || held->Over(now.mono))
    return NotFound("cannot acknowledge " + FingerprintText(fingerprint) + ": no such alert fires");
  return AcknowledgeLocked({held}, author, comment);
}

Status NotifierImpl::Unacknowledge(Fingerprint fingerprint, const std::string& author) {
  const std::lock_guard lock(mu_);
  const auto ack = acks_.Find(fingerprint);
  CACHESCOPE_ASSIGN_OR_RETURN(const bool cleared, acks_.Clear(fingerprint));
  if (!cleared) return NotFound(FingerprintText(fingerprint) + " is not acknowledged");
  history_.Add(wall_.NowMs(), "unacknowledged", ack->alert.labels, {{"author", author}});
  history_.Flush();
  return {};
}

}  // namespace cachescope::notify
