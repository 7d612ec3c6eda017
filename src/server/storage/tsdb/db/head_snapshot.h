// A head snapshot is the head written down whole, so that a start reads it instead of replaying hours of log; what the
// log has since then is replayed behind it. It is our own and only saves time: the log is complete without it, and a
// snapshot that is damaged, of another version or older than the newest checkpoint is passed over.
//
// One file, `head_snapshot` in the data directory: docs/format/head_snapshot.md. Written beside and renamed when whole.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/env.h"
#include "server/storage/tsdb/head.h"
#include "server/storage/tsdb/head_loader.h"

namespace cachescope::tsdb {

inline constexpr const char* kHeadSnapshot = "head_snapshot";

// Where the logs go on behind a snapshot, and what of them was in blocks when it was taken.
struct SnapshotPosition {
  std::uint64_t wal_segment = 0;  // replay from here
  std::uint64_t wbl_segment = 0;
  bool has_cut = false;
  TimestampMs cut = INT64_MIN;
  // Segment → its newest sample that is in no block, of the segments before.
  std::map<std::uint64_t, TimestampMs> newest;
  std::map<std::uint64_t, TimestampMs> newest_late;
};

// Bytes written. Samples committed meanwhile may be in it or not. Errors: the Env's; what was there stays.
Result<std::uint64_t> WriteHeadSnapshot(Env& env, const std::string& directory, const Head& head,
                                        const SnapshotPosition& position);

// kNotFound: there is none. kInvalidArgument: of another version. kCorruption: damaged; `loader` may hold part of it
// then and is of no use any more.
Result<SnapshotPosition> ReadHeadSnapshot(Env& env, const std::string& directory, HeadLoader* loader,
                                          LoadCounts* counts);

}  // namespace cachescope::tsdb
