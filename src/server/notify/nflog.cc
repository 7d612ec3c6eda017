#include "server/notify/nflog.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "server/notify/alert_json.h"

namespace cachescope::notify {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKind = "nflog";
constexpr std::size_t kMaxKeyBytes = 4000;       // of a row; longer keys are hashed
constexpr std::size_t kMaxAlertBytes = 700'000;  // of a row's alerts

std::string RowKey(const std::string& key) {
  if (key.size() <= kMaxKeyBytes) return key;
  return "#" + FingerprintText(Hash64(key)) + FingerprintText(Hash64(key, 1));
}

Json Texts(const std::set<Fingerprint>& fingerprints) {
  Json out = Json::array();
  for (const Fingerprint fingerprint : fingerprints) out.push_back(FingerprintText(fingerprint));
  return out;
}

std::string ToJson(const std::string& key, const LogEntry& entry) {
  Json alerts = Json::array();
  std::size_t bytes = 0;
  for (const Alert& alert : entry.alerts) {
    Json json = AlertToJson(alert);
    bytes += json.dump(-1, ' ', false, Json::error_handler_t::replace).size();
    if (bytes > kMaxAlertBytes) break;
    alerts.push_back(std::move(json));
  }
  const Json out = {{"key", key},
                    {"at", entry.at},
                    {"expires", entry.expires_at},
                    {"firing", Texts(entry.firing)},
                    {"resolved", Texts(entry.resolved)},
                    {"alerts", std::move(alerts)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::set<Fingerprint> ReadTexts(const Json& json) {
  std::set<Fingerprint> out;
  for (const Json& item : json) {
    if (const auto fingerprint = ParseFingerprint(item.get<std::string>())) out.insert(*fingerprint);
  }
  return out;
}

Status FromJson(const std::string& text, Instant now, std::string* key, LogEntry* entry) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Corruption("it is not JSON");
  try {
    *key = json.at("key").get<std::string>();
    entry->at = json.at("at").get<TimestampMs>();
    // A wall clock that went back must not make a page wait for ever, nor come at once.
    entry->at_mono = now.mono - std::max<TimestampMs>(0, now.wall - entry->at);
    entry->expires_at = json.at("expires").get<TimestampMs>();
    entry->expires_mono = now.mono + (entry->expires_at - now.wall);
    entry->firing = ReadTexts(json.at("firing"));
    entry->resolved = ReadTexts(json.at("resolved"));
    for (const Json& item : json.at("alerts")) {
      CACHESCOPE_ASSIGN_OR_RETURN(Alert alert, AlertFromJson(item));
      entry->alerts.push_back(std::move(alert));
    }
  } catch (const Json::exception& e) {
    return Corruption(e.what());
  }
  return {};
}

bool Includes(const std::set<Fingerprint>& all, const std::set<Fingerprint>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace

Status NotificationLog::Load(Instant now) {
  if (store_ == nullptr) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const auto rows, store_->All(kKind));
  Status first;
  const std::lock_guard lock(mu_);
  for (const storage::StateRow& row : rows) {
    std::string key;
    LogEntry entry;
    const Status status = FromJson(row.value, now, &key, &entry);
    if (!status.ok()) {
      if (first.ok()) first = status.WithPrefix("cannot read the notification log's row " + row.key);
    } else if (entry.expires_at > now.wall) {
      entries_[key] = std::move(entry);
    }
  }
  return first;
}

bool NotificationLog::NeedsUpdate(const std::string& key, const News& news, bool send_resolved,
                                  DurationMs repeat_interval, Instant now) const {
  std::set<Fingerprint> loud;
  std::set_difference(news.firing.begin(), news.firing.end(), news.quiet.begin(), news.quiet.end(),
                      std::inserter(loud, loud.end()));
  const std::lock_guard lock(mu_);
  const auto found = entries_.find(key);
  // Nothing was told yet: only a firing alert is news.
  if (found == entries_.end()) return !loud.empty();
  const LogEntry& entry = found->second;
  if (!Includes(entry.firing, loud)) return true;
  // The end of everything is recorded even where it is not sent, so that the same alert is news again.
  if (news.firing.empty()) return !entry.firing.empty();
  if (send_resolved && !Includes(entry.resolved, news.resolved)) return true;
  return !loud.empty() && now.mono - entry.at_mono >= repeat_interval;
}

Status NotificationLog::Record(const std::string& key, LogEntry entry) {
  storage::StateRow row{kKind, RowKey(key), "", entry.at, entry.expires_at};
  if (store_ != nullptr) row.value = ToJson(key, entry);
  {
    const std::lock_guard lock(mu_);
    entries_[key] = std::move(entry);
  }
  if (store_ == nullptr) return {};
  return store_->Put({row});
}

void NotificationLog::Prolong(const std::string& key, Instant now) {
  storage::StateRow row;
  {
    const std::lock_guard lock(mu_);
    const auto found = entries_.find(key);
    // Not at every flush: a quarter of the retention is early enough.
    if (found == entries_.end() || found->second.expires_mono > now.mono + kRetention / 4 * 3) return;
    found->second.expires_at = now.wall + kRetention;
    found->second.expires_mono = now.mono + kRetention;
    if (store_ != nullptr)
      row = {kKind, RowKey(key), ToJson(key, found->second), found->second.at, found->second.expires_at};
  }
  if (store_ != nullptr) (void)store_->Put({row}).ok();  // the old row is still there; the next flush tries again
}

std::optional<LogEntry> NotificationLog::Find(const std::string& key) const {
  const std::lock_guard lock(mu_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  return found->second;
}

bool NotificationLog::ToldFiring(const std::string& prefix, Fingerprint fingerprint) const {
  const std::lock_guard lock(mu_);
  for (auto it = entries_.lower_bound(prefix); it != entries_.end() && it->first.starts_with(prefix); ++it) {
    if (it->second.firing.count(fingerprint) != 0) return true;
  }
  return false;
}

std::vector<Alert> NotificationLog::FiringAlerts() const {
  const std::lock_guard lock(mu_);
  std::map<Fingerprint, Alert> found;
  for (const auto& [key, entry] : entries_) {
    for (const Alert& alert : entry.alerts) found.emplace(FingerprintOf(alert.labels), alert);
  }
  std::vector<Alert> out;
  for (auto& [fingerprint, alert] : found) out.push_back(std::move(alert));
  return out;
}

void NotificationLog::Expire(Instant now) {
  const std::lock_guard lock(mu_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->second.expires_mono > now.mono) {
      ++it;
      continue;
    }
    // A row that cannot be removed now goes with the store's own expiry.
    if (store_ != nullptr) (void)store_->Erase(kKind, RowKey(it->first)).ok();
    it = entries_.erase(it);
  }
}

std::size_t NotificationLog::size() const {
  const std::lock_guard lock(mu_);
  return entries_.size();
}

}  // namespace cachescope::notify
