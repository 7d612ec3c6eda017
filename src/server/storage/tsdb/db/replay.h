// Replay brings back into a head what the logs of a data directory say: wal/checkpoint.N, the segments behind it, then
// wbl/. One thread reads, the others append. Where another program wrote all of it, its head chunks come first.
//
// Damage costs the records with bytes in it (wal/log_reader.h); it is reported, and the file stays as it is, but for a
// torn end, which is cut off once a copy of it is in quarantine (torn_end.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/storage/exemplar_store.h"
#include "server/storage/tsdb/head_loader.h"

namespace cachescope::tsdb {

struct ReplayProgress {
  std::uint64_t segments_done = 0;
  std::uint64_t segments = 0;
};

struct ReplayOptions {
  unsigned threads = 0;                               // that append; 0: as many as there are cores
  bool read_only = false;                             // leave torn ends alone
  storage::ExemplarStore* exemplars = nullptr;        // not owned; null: exemplars are passed over
  std::function<void(const ReplayProgress&)> report;  // after each segment
  // Segments before these, and checkpoints, are passed over: what they say is loaded.
  bool from_snapshot = false;
  std::uint64_t wal_from = 0;
  std::uint64_t wbl_from = 0;
  // A log of another program does not say what of it is in blocks: all that is older than this, but for late samples,
  // which become blocks of their own at another time. Those that have already are there twice, and equal.
  TimestampMs blocks_end = kMinTime;
  // All labels are read before the first sample: for a log whose first mention of a series is damaged.
  bool labels_first = false;
  bool quiet = false;  // damage is counted, not logged
};

struct ReplayStats {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
  std::uint64_t late = 0;           // of `samples`
  std::uint64_t dropped = 0;        // too old, or there already
  std::uint64_t orphaned = 0;       // of series whose labels were not found
  std::uint64_t head_chunks = 0;    // samples that came from head chunks
  std::uint64_t only_there = 0;     // of these, at least so many are not in the log
  std::uint64_t unknown = 0;        // records of types this program does not know
  std::uint64_t damages = 0;        // places in the logs that could not be read
  std::vector<std::string> damage;  // the first of them
  bool has_cut = false;             // the log says what is in blocks
  TimestampMs cut = kMinTime;       // where the newest block ends that was cut
  // Segment → its newest sample.
  std::map<std::uint64_t, TimestampMs> newest;
  std::map<std::uint64_t, TimestampMs> newest_late;
};

// Errors: those of the Env. `loader` is not finished: use `counts` for that.
Result<ReplayStats> Replay(Env& env, const std::string& directory, HeadLoader* loader, const ReplayOptions& options,
                           std::vector<LoadCounts>* counts);

// Segment files of a log directory in the order they are read, with the newest checkpoint's first. Missing: none.
struct LogSegmentFile {
  std::string path;
  std::uint64_t number = 0;  // of a checkpoint: 0
  bool in_checkpoint = false;
  bool late = false;
};
Result<std::vector<LogSegmentFile>> ListSegments(Env& env, const std::string& log_directory);
// Number in "checkpoint.00000012"; -1 for another name.
std::int64_t CheckpointNumber(std::string_view name) noexcept;
std::string CheckpointName(std::uint64_t number);

}  // namespace cachescope::tsdb
