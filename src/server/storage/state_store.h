// StateStore keeps what must survive a restart and is not a sample: silences, what was told to whom, acknowledgements,
// thresholds, the history of alerts. Rows of a kind by key, and an append-only list of events.
//
// A value is the owner's own text (JSON by habit); the store does not look inside. Thread-safe. What a call that
// returned ok() wrote survives a killed process and a power failure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cachescope::storage {

constexpr std::size_t kMaxStateKindBytes = 64;
constexpr std::size_t kMaxStateKeyBytes = 4 << 10;
constexpr std::size_t kMaxStateValueBytes = 1 << 20;

struct StateRow {
  std::string kind;  // "silence", "nflog"
  std::string key;   // unique within its kind
  std::string value;
  TimestampMs updated_at = 0;  // set by the writer
  TimestampMs expires_at = 0;  // 0: never; Expire removes what is older
};

// kInvalidArgument when a part is empty or over its bound.
Status CheckStateRow(const StateRow& row);

// Something that happened, kept in order of `id`.
struct StateEvent {
  std::int64_t id = 0;  // given by the store, increasing
  TimestampMs at = 0;
  std::string kind;     // "firing", "resolved", "notified", "acknowledged" …
  std::string subject;  // what it is about: an alert's fingerprint, a threshold's id
  std::string name;     // the alert's name, for lists and statistics
  std::string value;    // JSON with the rest
};

struct EventFilter {
  TimestampMs mint = 0;  // inclusive
  TimestampMs maxt = INT64_MAX;
  std::string kind;  // empty: any, like the next two
  std::string subject;
  std::string name;
  std::int64_t before_id = 0;  // older than this event; 0: from the newest
  std::size_t limit = 1000;
};

class StateStore {
 public:
  virtual ~StateStore() = default;
  // Writes or replaces all of them or none. kInvalidArgument beyond the bounds above, kUnavailable (disk full,
  // locked for 5 s), kIoError, kCorruption. O(rows).
  virtual Status Put(const std::vector<StateRow>& rows) = 0;
  // Removing what is not there is no error.
  virtual Status Erase(std::string_view kind, std::string_view key) = 0;
  // All rows of a kind, by key.
  virtual Result<std::vector<StateRow>> All(std::string_view kind) const = 0;
  virtual Status Append(const std::vector<StateEvent>& events) = 0;
  // Newest first.
  virtual Result<std::vector<StateEvent>> Events(const EventFilter& filter) const = 0;
  // Removes rows that expired before `now` and events before `events_before`; returns how many.
  virtual Result<std::uint64_t> Expire(TimestampMs now, TimestampMs events_before) = 0;

  // Forgotten with the process; at most `max_events` events, the oldest go first.
  static std::unique_ptr<StateStore> NewInMemory(std::size_t max_events = 100'000);
};

}  // namespace cachescope::storage
