#include "server/notify/history/history_log.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace cachescope::notify {

void HistoryLog::Add(TimestampMs at, std::string kind, const Labels& labels, const nlohmann::ordered_json& value) {
  if (store_ == nullptr) return;
  storage::StateEvent event;
  event.at = at;
  event.kind = std::move(kind);
  event.subject = FingerprintText(FingerprintOf(labels));
  event.name = std::string(labels.Get("alertname"));
  event.value = value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  const std::lock_guard lock(mu_);
  if (waiting_.size() >= kMaxWaiting) {
    ++dropped_;
  } else {
    waiting_.push_back(std::move(event));
  }
}

void HistoryLog::Flush() {
  if (store_ == nullptr) return;
  const std::lock_guard one_writer(flush_mu_);
  std::vector<storage::StateEvent> batch;
  {
    const std::lock_guard lock(mu_);
    batch.swap(waiting_);
  }
  if (batch.empty()) return;
  const Status status = store_->Append(batch);
  if (status.ok()) return;
  LogError("cannot keep the history of alerts", {{"error", std::string(status.message())}});
  const std::lock_guard lock(mu_);
  batch.insert(batch.end(), waiting_.begin(), waiting_.end());
  if (batch.size() > kMaxWaiting) {
    dropped_ += batch.size() - kMaxWaiting;
    batch.erase(batch.begin(), batch.end() - kMaxWaiting);
  }
  waiting_ = std::move(batch);
}

std::uint64_t HistoryLog::dropped() const {
  const std::lock_guard lock(mu_);
  return dropped_;
}

}  // namespace cachescope::notify
