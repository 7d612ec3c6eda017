// StateStore in memory: for a server without a directory, and for tests.
#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "server/storage/state_store.h"

namespace cachescope::storage {
namespace {

class MemoryStateStore final : public StateStore {
 public:
  explicit MemoryStateStore(std::size_t max_events) : max_events_(max_events) {}

  Status Put(const std::vector<StateRow>& rows) override {
    for (const StateRow& row : rows) CACHESCOPE_RETURN_IF_ERROR(CheckStateRow(row));
    const std::lock_guard lock(mu_);
    for (const StateRow& row : rows) rows_[row.kind][row.key] = row;
    return {};
  }

  Status Erase(std::string_view kind, std::string_view key) override {
    const std::lock_guard lock(mu_);
    rows_[std::string(kind)].erase(std::string(key));
    return {};
  }

  Result<std::vector<StateRow>> All(std::string_view kind) const override {
    const std::lock_guard lock(mu_);
    std::vector<StateRow> out;
    const auto found = rows_.find(std::string(kind));
    if (found == rows_.end()) return out;
    for (const auto& [key, row] : found->second) out.push_back(row);
    return out;
  }

  Status Append(const std::vector<StateEvent>& events) override {
    const std::lock_guard lock(mu_);
    for (const StateEvent& event : events) {
      events_.push_back(event);
      events_.back().id = ++last_id_;
    }
    while (events_.size() > max_events_) events_.pop_front();
    return {};
  }

  Result<std::vector<StateEvent>> Events(const EventFilter& filter) const override {
    const std::lock_guard lock(mu_);
    std::vector<StateEvent> out;
    for (auto event = events_.rbegin(); event != events_.rend() && out.size() < filter.limit; ++event) {
      if (Matches(filter, *event)) out.push_back(*event);
    }
    return out;
  }

  Result<std::uint64_t> Expire(TimestampMs now, TimestampMs events_before) override {
    const std::lock_guard lock(mu_);
    std::uint64_t removed = 0;
    for (auto& [kind, rows] : rows_) {
      removed += std::erase_if(
          rows, [now](const auto& entry) { return entry.second.expires_at != 0 && entry.second.expires_at < now; });
    }
    removed += std::erase_if(events_, [events_before](const StateEvent& event) { return event.at < events_before; });
    return removed;
  }

 private:
  static bool Matches(const EventFilter& filter, const StateEvent& event) {
    return event.at >= filter.mint && event.at <= filter.maxt && (filter.kind.empty() || event.kind == filter.kind) &&
           (filter.subject.empty() || event.subject == filter.subject) &&
           (filter.name.empty() || event.name == filter.name) && (filter.before_id == 0 || event.id < filter.before_id);
  }

  const std::size_t max_events_;
  mutable std::mutex mu_;
  // All below guarded by mu_.
  std::map<std::string, std::map<std::string, StateRow>> rows_;
  std::deque<StateEvent> events_;
  std::int64_t last_id_ = 0;
};

}  // namespace

Status CheckStateRow(const StateRow& row) {
  if (row.kind.empty() || row.kind.size() > kMaxStateKindBytes) {
    return InvalidArgument("state kind \"" + row.kind.substr(0, kMaxStateKindBytes) + "\" is empty or over 64 bytes");
  }
  if (row.key.empty() || row.key.size() > kMaxStateKeyBytes) {
    return InvalidArgument("key of a state row of kind " + row.kind + " is empty or over 4 KiB");
  }
  if (row.value.size() > kMaxStateValueBytes) {
    return InvalidArgument("state row " + row.kind + "/" + row.key + " is over 1 MiB");
  }
  return {};
}

std::unique_ptr<StateStore> StateStore::NewInMemory(std::size_t max_events) {
  return std::make_unique<MemoryStateStore>(max_events);
}

}  // namespace cachescope::storage
