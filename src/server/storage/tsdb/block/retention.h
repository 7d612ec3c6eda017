// Retention: which blocks have to go because of their age or because of the space they take.
//
// A wrong clock must not empty the store. Age is measured from the earlier of the wall clock and the newest sample
// stored, so that neither one sample from the future nor a clock that ran ahead makes data old, and one pass takes at
// most one block because of its age: blocks expire one at a time in ordinary life, and a jump has to last for as many
// passes as it shall cost blocks.
#pragma once

#include <string>
#include <vector>

#include "server/storage/tsdb/block/block_set.h"

namespace cachescope::tsdb {

struct RetentionOptions {
  DurationMs time = 0;      // ms; 0: for ever
  std::uint64_t bytes = 0;  // 0: no limit
};

struct RetentionState {
  TimestampMs now = 0;             // of the wall clock
  TimestampMs newest = INT64_MAX;  // newest sample, the head's included; INT64_MAX: not known
  std::uint64_t other_bytes = 0;   // that count against `bytes`: WAL, head chunks
};

struct RetentionBlock {
  std::string ulid;
  TimestampMs mint = 0;
  TimestampMs maxt = 0;  // exclusive
  std::uint64_t bytes = 0;
  TimestampMs created = INT64_MIN;  // when the newest of its samples were cut; INT64_MIN: long ago
};

// Data that comes late is kept this long (ms) at least, or for the retention time if that is shorter.
inline constexpr DurationMs kLeastStay = 24 * 60 * 60 * 1000;

struct RetentionPlan {
  std::vector<std::string> by_time;  // at most one
  std::vector<std::string> by_size;  // oldest first
};

// The block that ends first of those that are wholly older than the retention time goes, unless it came just now; of
// the rest the oldest go until what is left fits. Pure; any order of `blocks`.
RetentionPlan PlanRetention(std::vector<RetentionBlock> blocks, const RetentionOptions& options,
                            const RetentionState& state);

// Plans for the set and removes. What was removed; on an error the rest waits for the next pass.
Result<RetentionPlan> ApplyRetention(BlockSet& set, const RetentionOptions& options, const RetentionState& state);

}  // namespace cachescope::tsdb
