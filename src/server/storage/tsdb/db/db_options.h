// What a Db is told, and what it counts.
#pragma once

#include <cstdint>
#include <functional>

#include "base/env.h"
#include "server/storage/exemplar_store.h"
#include "server/storage/tsdb/block/block_set_stats.h"
#include "server/storage/tsdb/block/compaction.h"
#include "server/storage/tsdb/block/retention.h"
#include "server/storage/tsdb/db/commit_log.h"
#include "server/storage/tsdb/db/replay.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {

struct DbOptions {
  HeadOptions head;  // `chunk_range` and `log` are set by the Db
  DurationMs block_range = kDefaultBlockRange;
  RetentionOptions retention;  // time 0: for ever
  FloatEncoding encoding = FloatEncoding::kPacked;
  CommitLogOptions log;
  // Below this free space nothing is taken; kDefaultMinFree: a twentieth of the disk, at most 256 MiB.
  std::uint64_t min_free = kDefaultMinFree;
  static constexpr std::uint64_t kDefaultMinFree = UINT64_MAX;
  bool read_only = false;    // nothing on disk changes; Append is refused
  bool snapshots = true;     // of the head, for a quick start
  bool background = true;    // false: the caller calls Maintain
  Env* env = &Env::Posix();  // not owned
  // Filled by the replay, then written to the log as it fills; not owned, outlives the Db.
  storage::ExemplarStore* exemplars = nullptr;
  std::function<void(const ReplayProgress&)> report;  // while opening
};

struct DbStats {
  HeadStats head;
  BlockSetStats blocks;
  CommitLogStats log;
  ReplayStats replay;  // of the opening
  DurationMs replay_ms = 0;
  std::uint64_t log_bytes = 0;  // of wal/ and wbl/ on disk, at the last look
  std::uint64_t cuts = 0;
  std::uint64_t compactions = 0;
  std::uint64_t failures = 0;  // of cuts, compactions, checkpoints and retention
  // Batches of exemplars that could not be logged; they are in memory all the same.
  std::uint64_t exemplar_failures = 0;
  std::uint64_t deleted_by_time = 0;
  std::uint64_t deleted_by_size = 0;
};

}  // namespace cachescope::tsdb
