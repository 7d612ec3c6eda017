#include "server/notify/held_alert.h"

#include <algorithm>

namespace cachescope::notify {
namespace {

// Fewer labels first, then names and values in order; of two sets, the one that lacks the first name either has.
bool LabelsBefore(const Labels& a, const Labels& b) {
  const std::size_t size_a = a.size();
  const std::size_t size_b = b.size();
  if (size_a != size_b) return size_a < size_b;
  auto i = a.begin();
  auto j = b.begin();
  for (; i != a.end() && j != b.end(); ++i, ++j) {
    if (i->name != j->name) return i->name > j->name;
    if (i->value != j->value) return i->value < j->value;
  }
  return false;
}

}  // namespace

Alert HeldAlert::At(TimestampMs mono) const {
  Alert out = alert;
  out.resolved_at = Over(mono) ? ends_at : 0;
  out.state = out.resolved_at != 0 ? AlertState::kResolved : AlertState::kFiring;
  return out;
}

HeldPtr MakeHeld(const Alert& alert, bool timeout, Instant now) {
  auto held = std::make_shared<HeldAlert>();
  held->alert = alert;
  if (held->alert.fired_at == 0) held->alert.fired_at = alert.active_at != 0 ? alert.active_at : now.wall;
  held->fingerprint = FingerprintOf(alert.labels);
  held->updated_at = now.wall;
  held->timeout = timeout;
  const TimestampMs end = alert.resolved_at != 0 ? alert.resolved_at : alert.valid_until;
  if (end != 0) {
    held->ends_at = end;
    held->ends_mono = now.mono + (end - now.wall);
  }
  return held;
}

HeldPtr MergeHeld(const HeldPtr& old, HeldPtr next, Instant now) {
  if (old == nullptr) return next;
  const TimestampMs old_start = old->alert.fired_at;
  const TimestampMs start = next->alert.fired_at;
  const bool ends_inside = next->ends_at > old_start && next->ends_mono < old->ends_mono;
  const bool starts_inside = start > old_start && start < old->ends_at;
  if (!ends_inside && !starts_inside) return next;
  auto merged = std::make_shared<HeldAlert>(*next);
  merged->alert.fired_at = std::min(old_start, start);
  // Of two that are over the later end counts; of two that are not, the sender's word over our timeout.
  const bool take = next->Over(now.mono) ? old->Over(now.mono) && old->ends_mono > next->ends_mono
                                         : old->ends_mono > next->ends_mono && !old->timeout && !old->restored;
  if (take) {
    merged->ends_at = old->ends_at;
    merged->ends_mono = old->ends_mono;
  }
  return merged;
}

bool AlertBefore(const Labels& a, const Labels& b) {
  for (const char* name : {"job", "instance"}) {
    const std::string_view x = a.Get(name);
    const std::string_view y = b.Get(name);
    if (x.empty() && y.empty()) continue;
    if (x.empty()) return false;
    if (y.empty()) return true;
    if (x != y) return x < y;
  }
  return LabelsBefore(a, b);
}

}  // namespace cachescope::notify
