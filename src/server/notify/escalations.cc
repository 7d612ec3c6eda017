#include "server/notify/escalations.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "server/notify/alert_json.h"
#include "server/notify/matchers.h"

namespace cachescope::notify {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKind = "escalation";
constexpr DurationMs kRetention = 30LL * 24 * 3600 * 1000;  // of one whose alert nobody reports any more

std::string RowKey(Fingerprint fingerprint, const std::string& policy) {
  return FingerprintText(fingerprint) + "/" + policy;
}

Result<Climb> FromJson(const std::string& text, Instant now) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Corruption("it is not JSON");
  try {
    Climb out;
    CACHESCOPE_ASSIGN_OR_RETURN(out.alert, AlertFromJson(json.at("alert")));
    out.policy = json.at("policy").get<std::string>();
    out.since = json.at("since").get<TimestampMs>();
    out.since_mono = now.mono - std::max<TimestampMs>(0, now.wall - out.since);
    out.told = json.at("told").get<bool>();
    out.steps = json.at("steps").get<std::size_t>();
    return out;
  } catch (const Json::exception& e) {
    return Corruption(e.what());
  }
}

}  // namespace

Status Escalations::Load(Instant now) {
  if (store_ == nullptr) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const auto rows, store_->All(kKind));
  Status first;
  const std::lock_guard lock(mu_);
  for (const storage::StateRow& row : rows) {
    auto climb = FromJson(row.value, now);
    if (climb.ok()) {
      climbs_[{FingerprintOf(climb->alert.labels), climb->policy}] = std::move(*climb);
    } else if (first.ok()) {
      first = climb.status().WithPrefix("cannot read the escalation " + row.key);
    }
  }
  return first;
}

void Escalations::SetPolicies(const std::vector<EscalationPolicy>* policies) {
  const std::lock_guard lock(mu_);
  policies_ = policies;
  for (auto& [key, climb] : climbs_) {
    if (const EscalationPolicy* policy = PolicyOf(climb.policy))
      climb.steps = std::min(climb.steps, policy->steps.size());
  }
}

const EscalationPolicy* Escalations::PolicyOf(const std::string& name) const {
  if (policies_ == nullptr) return nullptr;
  for (const EscalationPolicy& policy : *policies_) {
    if (policy.name == name) return &policy;
  }
  return nullptr;
}

Status Escalations::Write(Fingerprint fingerprint, const Climb& climb) const {
  if (store_ == nullptr) return {};
  const Json json = {{"alert", AlertToJson(climb.alert)},
                     {"policy", climb.policy},
                     {"since", climb.since},
                     {"told", climb.told},
                     {"steps", climb.steps}};
  return store_->Put(
      {{kKind, RowKey(fingerprint, climb.policy), json.dump(-1, ' ', false, Json::error_handler_t::replace),
        climb.since, climb.since + kRetention}});
}

void Escalations::Erase(Fingerprint fingerprint, const std::string& policy) const {
  if (store_ == nullptr) return;
  if (const Status status = store_->Erase(kKind, RowKey(fingerprint, policy)); !status.ok())
    LogError("cannot forget an escalation", {{"error", std::string(status.message())}});
}

void Escalations::Fires(const HeldAlert& held, Instant now) {
  const std::lock_guard lock(mu_);
  if (policies_ == nullptr) return;
  for (const EscalationPolicy& policy : *policies_) {
    if (!MatchAll(policy.matchers, held.alert.labels)) continue;
    auto [it, is_new] = climbs_.try_emplace({held.fingerprint, policy.name});
    Climb& climb = it->second;
    if (!is_new && !climb.over) {
      climb.alert = held.alert;
      continue;
    }
    climb = Climb{held.alert, policy.name};
    climb.since = std::min(held.alert.fired_at, now.wall);
    climb.since_mono = now.mono - (now.wall - climb.since);
  }
}

void Escalations::Told(const HeldAlert& held, Instant now) {
  const std::lock_guard lock(mu_);
  for (auto it = climbs_.lower_bound({held.fingerprint, std::string()});
       it != climbs_.end() && it->first.first == held.fingerprint; ++it) {
    Climb& climb = it->second;
    if (climb.told || climb.over || climb.steps != 0) continue;
    climb.told = true;
    climb.since = now.wall;
    climb.since_mono = now.mono;
    if (const Status status = Write(held.fingerprint, climb); !status.ok())
      LogError("cannot keep an escalation", {{"error", std::string(status.message())}});
  }
}

void Escalations::Over(Fingerprint fingerprint) {
  const std::lock_guard lock(mu_);
  for (auto it = climbs_.lower_bound({fingerprint, std::string()});
       it != climbs_.end() && it->first.first == fingerprint; ++it)
    it->second.over = true;
}

void Escalations::Forget(Fingerprint fingerprint) {
  const std::lock_guard lock(mu_);
  for (auto it = climbs_.lower_bound({fingerprint, std::string()});
       it != climbs_.end() && it->first.first == fingerprint;) {
    if (!it->second.over) {
      ++it;
      continue;
    }
    Erase(fingerprint, it->first.second);
    it = climbs_.erase(it);
  }
}

std::vector<const Route*> Escalations::RoutesOf(Fingerprint fingerprint) const {
  const std::lock_guard lock(mu_);
  std::vector<const Route*> out;
  for (auto it = climbs_.lower_bound({fingerprint, std::string()});
       it != climbs_.end() && it->first.first == fingerprint; ++it) {
    const EscalationPolicy* policy = PolicyOf(it->second.policy);
    for (std::size_t i = 0; policy != nullptr && i < std::min(it->second.steps, policy->steps.size()); ++i)
      out.push_back(policy->steps[i].route.get());
  }
  return out;
}

std::vector<Escalations::Step> Escalations::TakeDue(Instant now, const std::function<bool(const Alert&)>& blocked) {
  const std::lock_guard lock(mu_);
  std::vector<Step> out;
  for (auto& [key, climb] : climbs_) {
    const EscalationPolicy* policy = PolicyOf(climb.policy);
    if (policy == nullptr || climb.over) continue;
    while (climb.steps < policy->steps.size() && climb.since_mono + policy->steps[climb.steps].after <= now.mono &&
           !blocked(climb.alert)) {
      Climb next = climb;
      ++next.steps;
      if (const Status status = Write(key.first, next); !status.ok()) {
        LogError("cannot keep an escalation", {{"error", std::string(status.message())}});
        break;
      }
      out.push_back({climb.alert, climb.policy, next.steps, policy->steps[climb.steps].route.get()});
      climb.steps = next.steps;
    }
  }
  return out;
}

TimestampMs Escalations::NextDue() const {
  const std::lock_guard lock(mu_);
  TimestampMs next = kNever;
  for (const auto& [key, climb] : climbs_) {
    const EscalationPolicy* policy = PolicyOf(climb.policy);
    if (policy != nullptr && !climb.over && climb.steps < policy->steps.size())
      next = std::min(next, climb.since_mono + policy->steps[climb.steps].after);
  }
  return next;
}

std::vector<Climb> Escalations::All() const {
  const std::lock_guard lock(mu_);
  std::vector<Climb> out;
  for (const auto& [key, climb] : climbs_) out.push_back(climb);
  return out;
}

}  // namespace cachescope::notify
