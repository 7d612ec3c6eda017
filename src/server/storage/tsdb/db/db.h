// Db is the metric store on disk: a head whose commits are logged, the blocks its past was cut into, and the thread
// that keeps both in order. The directory has the layout of a Prometheus data directory.
//
// Promise. What Commit took survives the end of the process, and the end of the machine as far as `log.sync` says
// (commit_log.h). Opening brings it back, reading around damage (replay.h, block_set.h). One process at a time: the
// caller holds the lock of the directory. Thread-safe.
//
// Cutting. When the head holds more than one and a half block ranges and its oldest range has been left in peace for a
// minute, that becomes a block: appenders are closed out of it, the block is written and taken in, the head forgets it,
// and segments of the log with nothing else go, their series kept in a checkpoint. A query sees every sample once
// throughout. Then the past is open again: samples of any age are taken for series that have no newer ones, and become
// blocks that overlap others, until compaction makes them one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/env.h"
#include "server/storage/exemplar_store.h"
#include "server/storage/querier.h"
#include "server/storage/tsdb/block/backup.h"
#include "server/storage/tsdb/block/block_set.h"
#include "server/storage/tsdb/block/compaction.h"
#include "server/storage/tsdb/block/retention.h"
#include "server/storage/tsdb/db/commit_log.h"
#include "server/storage/tsdb/db/db_options.h"
#include "server/storage/tsdb/db/replay.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {

class Db final : public storage::Storage {
 public:
  // Errors: those of the Env about the directory. Damage is no error.
  static Result<std::unique_ptr<Db>> Open(std::string directory, DbOptions options);
  // Waits for the maintenance under way and makes the log durable.
  ~Db() override;

  std::unique_ptr<storage::Appender> NewAppender() override { return head_->NewAppender(); }
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override;

  Head& head() noexcept { return *head_; }
  const Head& head() const noexcept { return *head_; }
  BlockSet& blocks() noexcept { return *blocks_; }
  const std::string& directory() const noexcept { return directory_; }
  DbStats stats() const;

  // One pass: free space, cuts, checkpoint, compaction, retention. The first error; the rest is done all the same.
  Status Maintain();
  // Cuts everything the head holds into blocks, whatever its age, and compacts.
  Status Flush();
  // Samples of matching series in [mint, maxt]; returns how many series of head and blocks it touched.
  Result<std::size_t> DeleteSeries(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers);
  Result<std::size_t> CleanTombstones();
  // A copy that opens as a store of its own, consistent while running; `with_head`: also what is not in blocks yet.
  Result<BackupReport> Backup(const std::string& destination, bool with_head);

 private:
  Db(std::string directory, DbOptions options) : directory_(std::move(directory)), options_(std::move(options)) {}

  Status Start();
  Status LoadHead();
  Result<std::vector<LoadCounts>> LoadSnapshot(HeadLoader* loader, ReplayOptions* replay);
  void KeepHeadChunks();
  void LogExemplars();
  Status WriteSnapshot();
  Status SnapshotWhenDue();
  Status CheckSpace();
  bool NeedsCut() const;
  Status CutOldest(bool all);
  bool ForgetCut();
  Status DropSegments();
  Status Compact();
  Status Retain();
  BlockWriteOptions WriteOptions() const;
  void Run();

  const std::string directory_;
  DbOptions options_;
  std::shared_ptr<CommitLog> log_;  // null when read-only
  std::unique_ptr<Head> head_;
  std::unique_ptr<BlockSet> blocks_;
  ReplayStats replay_;
  DurationMs replay_ms_ = 0;
  // Guarded by maintain_mu_.
  TimestampMs cut_ = kMinTime;  // where the newest block ends that was cut
  bool past_closed_ = false;    // the head has not yet forgotten what is older than cut_under_way_
  TimestampMs cut_under_way_ = kMinTime;
  bool snapshot_stale_ = true;           // the log was cut since the last one
  std::uint64_t snapshot_at_bytes_ = 0;  // of the log, at the last one
  std::uint64_t snapshot_bytes_ = 0;
  TimestampMs segments_since_ = 0;

  std::mutex maintain_mu_;  // one pass at a time
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> log_bytes_{0};
  std::atomic<std::uint64_t> cuts_{0};
  std::atomic<std::uint64_t> compactions_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> exemplar_failures_{0};
  std::atomic<std::uint64_t> deleted_by_time_{0};
  std::atomic<std::uint64_t> deleted_by_size_{0};

  std::mutex wake_mu_;
  std::condition_variable wake_;
  std::thread maintainer_;
};

}  // namespace cachescope::tsdb
