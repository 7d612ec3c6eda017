#include "server/rules/threshold_store.h"

#include <random>

#include "base/log.h"

namespace cachescope::rules {
namespace {

constexpr const char* kKind = "threshold";

std::string NewId() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string out = "t-";
  for (int i = 0; i < 8; ++i) out.push_back(kDigits[random() & 15]);
  return out;
}

std::vector<Threshold> AsList(const std::map<std::string, Threshold>& thresholds) {
  std::vector<Threshold> out;
  for (const auto& [id, threshold] : thresholds) out.push_back(threshold);
  return out;
}

}  // namespace

ThresholdStore::ThresholdStore(storage::StateStore* store, RuleManager* manager, promql::ParserOptions parser)
    : store_(store), manager_(manager), parser_(parser) {}

void ThresholdStore::OnChange(Listener listener) {
  const std::lock_guard lock(mu_);
  listener_ = std::move(listener);
}

Status ThresholdStore::HandOn(const std::map<std::string, Threshold>& thresholds) {
  const std::vector<Threshold> list = AsList(thresholds);
  CACHESCOPE_RETURN_IF_ERROR(manager_->SetThresholds(list));
  if (!listener_) return {};
  const Status heard = listener_(list);
  if (!heard.ok()) static_cast<void>(manager_->SetThresholds(AsList(thresholds_)));
  return heard;
}

Status ThresholdStore::Load() {
  const std::lock_guard lock(mu_);
  if (store_ != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<storage::StateRow> rows, store_->All(kKind));
    for (const storage::StateRow& row : rows) {
      auto threshold = ThresholdFromJson(row.value);
      Status status = threshold.status();
      if (threshold.ok()) status = CheckThreshold(*threshold, parser_);
      if (!status.ok()) {
        LogError("a stored threshold is left out", {{"id", row.key}, {"error", std::string(status.message())}});
        continue;
      }
      thresholds_[threshold->id] = std::move(*threshold);
    }
  }
  return HandOn(thresholds_);
}

Result<Threshold> ThresholdStore::Set(Threshold threshold, TimestampMs now) {
  if (threshold.id.empty()) threshold.id = NewId();
  if (threshold.name.empty()) threshold.name = threshold.id;
  CACHESCOPE_RETURN_IF_ERROR(CheckThreshold(threshold, parser_));
  const std::lock_guard lock(mu_);
  const auto old = thresholds_.find(threshold.id);
  threshold.created_at = old == thresholds_.end() ? now : old->second.created_at;
  threshold.updated_at = now;
  std::map<std::string, Threshold> next = thresholds_;
  next[threshold.id] = threshold;
  CACHESCOPE_RETURN_IF_ERROR(HandOn(next));
  if (store_ != nullptr) {
    const Status written = store_->Put({{kKind, threshold.id, ThresholdToJson(threshold), now, 0}});
    if (!written.ok()) {
      static_cast<void>(HandOn(thresholds_));
      return written;
    }
  }
  thresholds_ = std::move(next);
  return threshold;
}

Status ThresholdStore::Remove(const std::string& id) {
  const std::lock_guard lock(mu_);
  if (thresholds_.find(id) == thresholds_.end()) return NotFound("there is no threshold " + id);
  if (store_ != nullptr) CACHESCOPE_RETURN_IF_ERROR(store_->Erase(kKind, id));
  thresholds_.erase(id);
  return HandOn(thresholds_);
}

Result<Threshold> ThresholdStore::Get(const std::string& id) const {
  const std::lock_guard lock(mu_);
  const auto found = thresholds_.find(id);
  if (found == thresholds_.end()) return NotFound("there is no threshold " + id);
  return found->second;
}

std::vector<Threshold> ThresholdStore::List() const {
  const std::lock_guard lock(mu_);
  return AsList(thresholds_);
}

}  // namespace cachescope::rules
