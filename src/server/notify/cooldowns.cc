#include "server/notify/cooldowns.h"

#include <nlohmann/json.hpp>

#include "server/notify/matchers.h"

namespace cachescope::notify {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKind = "cooldown";

}  // namespace

Status Cooldowns::Load(Instant now) {
  if (store_ == nullptr) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const auto rows, store_->All(kKind));
  const std::lock_guard lock(mu_);
  for (const storage::StateRow& row : rows) {
    const Json json = Json::parse(row.value, nullptr, false);
    const auto fingerprint = ParseFingerprint(row.key);
    if (!fingerprint || !json.is_object() || !json.contains("over") || !json["over"].is_number_integer())
      return Corruption("cannot read the cooldown of " + row.key);
    if (row.expires_at > now.wall)
      rests_[*fingerprint] = {json["over"].get<TimestampMs>(), row.expires_at, now.mono + (row.expires_at - now.wall)};
  }
  return {};
}

void Cooldowns::SetPolicies(const std::vector<CooldownPolicy>* policies) {
  const std::lock_guard lock(mu_);
  policies_ = policies;
}

DurationMs Cooldowns::CooldownOf(const Labels& labels) const {
  if (policies_ == nullptr) return 0;
  for (const CooldownPolicy& policy : *policies_) {
    if (MatchAll(policy.matchers, labels)) return policy.cooldown;
  }
  return 0;
}

bool Cooldowns::HidesLocked(const HeldAlert& held, Instant now) const {
  const auto found = rests_.find(held.fingerprint);
  if (found == rests_.end() || held.alert.fired_at <= found->second.over_at) return false;
  return std::min(now.mono, held.ends_mono) < found->second.until_mono;
}

bool Cooldowns::Hides(const HeldAlert& held, Instant now) const {
  const std::lock_guard lock(mu_);
  return HidesLocked(held, now);
}

void Cooldowns::Begins(const HeldAlert& held, Instant now) {
  const std::lock_guard lock(mu_);
  if (HidesLocked(held, now)) ++hidden_;
}

void Cooldowns::Over(const HeldAlert& held, Instant now) {
  storage::StateRow row;
  {
    const std::lock_guard lock(mu_);
    const DurationMs cooldown = CooldownOf(held.alert.labels);
    if (cooldown == 0 || HidesLocked(held, now)) return;
    const TimestampMs over = std::min(held.ends_at, now.wall);
    rests_[held.fingerprint] = {over, over + cooldown, std::min(held.ends_mono, now.mono) + cooldown};
    const Json json = {{"over", over}};
    row = {kKind, FingerprintText(held.fingerprint), json.dump(), now.wall, over + cooldown};
  }
  if (store_ != nullptr) (void)store_->Put({row}).ok();  // lost, it may be told once too often
}

TimestampMs Cooldowns::EndsAt(Fingerprint fingerprint, Instant now) const {
  const std::lock_guard lock(mu_);
  const auto found = rests_.find(fingerprint);
  return found == rests_.end() || found->second.until_mono <= now.mono ? 0 : found->second.until;
}

std::uint64_t Cooldowns::hidden() const {
  const std::lock_guard lock(mu_);
  return hidden_;
}

void Cooldowns::Expire(Instant now) {
  const std::lock_guard lock(mu_);
  // An episode that was over inside the cooldown may still stand in a group for a while.
  constexpr DurationMs kSlack = 3600'000;
  for (auto it = rests_.begin(); it != rests_.end();) {
    if (it->second.until_mono + kSlack > now.mono) {
      ++it;
      continue;
    }
    if (store_ != nullptr) (void)store_->Erase(kKind, FingerprintText(it->first)).ok();
    it = rests_.erase(it);
  }
}

}  // namespace cachescope::notify
