// What the history of alerts says about them: how often, how long, who was woken, which flap and which nobody ever
// cares about. A pure function over events.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/storage/state_store.h"

namespace cachescope::notify {

struct HistoryOptions {
  std::size_t flap_transitions = 6;   // so many firing and resolved events of one alert …
  DurationMs flap_window = 3600'000;  // … within this
  int night_begins = 22 * 60;         // minutes of the day
  int night_ends = 7 * 60;
  std::string location;  // IANA name; empty: UTC
};

struct AlertHistory {
  std::string name;           // alertname
  std::uint64_t firings = 0;  // episodes
  std::uint64_t resolved = 0;
  DurationMs firing_ms = 0;        // of episodes that have ended
  TimestampMs last_fired_at = 0;   // 0: not within the events
  std::uint64_t acknowledged = 0;  // episodes with an acknowledgement
  std::uint64_t pages = 0;         // notifications that said it fires, and arrived
  std::uint64_t night_pages = 0;
  std::uint64_t failed = 0;  // notifications that did not arrive
  std::uint64_t escalations = 0;
  std::uint64_t flapping = 0;             // label sets of it that flapped
  std::int64_t mean_to_acknowledge = -1;  // milliseconds from firing; -1: never
  std::int64_t mean_to_resolve = -1;      // milliseconds from firing; -1: never
  bool never_acknowledged = false;        // paged, and nobody ever did
};

struct HistoryStats {
  std::vector<AlertHistory> alerts;  // noisiest first: by pages, then firings, then name
  AlertHistory total;                // name empty; means over all episodes
  std::uint64_t events = 0;
  std::uint64_t unreadable = 0;  // events whose value does not parse
};

// `events` in any order. kInvalidArgument: an unknown location. O(n log n).
Result<HistoryStats> ComputeHistoryStats(const std::vector<storage::StateEvent>& events,
                                         const HistoryOptions& options = {});

}  // namespace cachescope::notify
