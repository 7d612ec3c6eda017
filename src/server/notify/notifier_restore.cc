// What the notifier knows after a restart. Alerts themselves are not durable: rules and other senders report them
// again. Those that somebody was told of, acknowledged or escalated are known from there, and count as firing until
// their sender has had time to speak.
#include <algorithm>

#include "base/log.h"
#include "server/notify/notifier_impl.h"

namespace cachescope::notify {
namespace {

constexpr DurationMs kGrace = 5 * 60'000;

void LogUnread(const Status& status) {
  if (!status.ok()) LogError("cannot read the notifier's state", {{"error", std::string(status.message())}});
}

HeldPtr Restored(const Alert& alert, Instant now) {
  const DurationMs valid_for = alert.valid_until - alert.last_sent_at;
  auto held = std::make_shared<HeldAlert>(*MakeHeld(alert, false, now));
  held->alert.valid_until = 0;
  held->alert.last_sent_at = 0;
  held->restored = true;
  held->timeout = true;
  held->ends_at = now.wall + std::max(kGrace, valid_for);
  held->ends_mono = now.mono + std::max(kGrace, valid_for);
  return held;
}

}  // namespace

void NotifierImpl::Restore() {
  const Instant now = Now();
  LogUnread(silences_.Load(now.wall));
  LogUnread(acks_.Load());
  LogUnread(cooldowns_.Load(now));
  LogUnread(escalations_.Load(now));
  LogUnread(log_.Load(now));
  const std::lock_guard lock(mu_);
  for (const Climb& climb : escalations_.All()) dispatcher_.Adopt(Restored(climb.alert, now));
  for (const Acknowledgement& ack : acks_.All()) dispatcher_.Adopt(Restored(ack.alert, now));
  for (const Alert& alert : log_.FiringAlerts()) dispatcher_.Adopt(Restored(alert, now));
}

}  // namespace cachescope::notify
