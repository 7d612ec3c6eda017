// CommitLog is the write-ahead log of a store: wal/ for samples in order, wbl/ for late ones, and the thread that makes
// them durable.
//
// What Log took has been given to the kernel: the end of the process loses none of it. When the end of the machine may
// is the policy: kAlways makes it durable before WaitDurable returns, together with whatever else waits; kInterval at
// most `interval` later; kNever leaves it to the kernel. The labels of a series stand before its first sample, and
// again in each later segment that has samples of it, so that damage to a segment costs that segment's samples only.
//
// While the disk has less free space than `min_free` everything is refused with kUnavailable. After a failed write the
// segment ends at its last good record and the next batch is tried anew. Thread-safe, but for Log (head_log.h).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/env.h"
#include "server/storage/tsdb/db/head_snapshot.h"
#include "server/storage/tsdb/head_log.h"
#include "server/storage/tsdb/wal/log_writer.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {

enum class WalSync : std::uint8_t { kAlways, kInterval, kNever };

struct CommitLogOptions {
  WalSync sync = WalSync::kInterval;
  DurationMs interval = 1000;
  LogOptions log;
};

struct CommitLogStats {
  std::uint64_t bytes = 0;     // handed to the kernel since the start, frames included
  std::uint64_t failures = 0;  // batches refused because a write failed
  std::uint64_t refused = 0;   // batches refused because the disk is nearly full
  std::uint64_t sync_failures = 0;
  std::uint64_t segment = 0;       // of wal/, being written
  std::uint64_t late_segment = 0;  // of wbl/
  bool full = false;
};

class CommitLog final : public HeadLog {
 public:
  // Begins a new segment in each of `directory`/wal and `directory`/wbl, behind what is there. Errors of the Env.
  static Result<std::shared_ptr<CommitLog>> Open(Env& env, const std::string& directory,
                                                 const CommitLogOptions& options);
  ~CommitLog() override;

  std::uint32_t mark() const noexcept override { return mark_.load(std::memory_order_relaxed); }
  Result<std::uint64_t> Log(const LoggedBatch& batch) override;
  Status WaitDurable(std::uint64_t ticket) override;
  Status LogRecord(std::string_view record) override;

  // Makes durable what is in the log now.
  Status Sync();
  // Ends the segments that have something in them and begins the next ones.
  Status NextSegments();
  // Ends the segments; what a snapshot of the head must know of the log from here on.
  Result<SnapshotPosition> Position();
  // The newest sample of segments that were there before, as the replay found them. Segments not named hold none.
  void KnowSegments(std::map<std::uint64_t, TimestampMs> wal, std::map<std::uint64_t, TimestampMs> late);
  // All samples before `mint` that are in the log are in blocks: written down too.
  Status NoteCut(TimestampMs mint);
  // Number of the first segment of wal/ that is being written or holds a sample that is in no block.
  std::uint64_t FirstNeeded() const;
  // Drops the segments of wal/ with smaller numbers; what later ones need of them must stand in a checkpoint.
  Status RemoveBefore(std::uint64_t segment);
  // Drops the segments of wbl/ that hold only samples that are in blocks.
  Status RemoveLate();
  // While full, Log refuses everything.
  void SetFull(bool full) { full_.store(full, std::memory_order_relaxed); }
  CommitLogStats stats() const;

 private:
  CommitLog(const CommitLogOptions& options, std::unique_ptr<LogWriter> wal, std::unique_ptr<LogWriter> late)
      : options_(options), wal_(std::move(wal)), late_(std::move(late)) {}

  // REQUIRES: mu_ is held.
  void MoveMark() { mark_.store(LabelsMark(wal_->segment(), wal_->segment_size()), std::memory_order_relaxed); }
  void CollectLabels(const LoggedBatch& batch);
  void MarkLabels(bool written);
  Status AppendLocked(LogWriter* writer, std::size_t* bytes);

  void SyncLoop();

  const CommitLogOptions options_;
  std::atomic<std::uint32_t> mark_{0};
  std::atomic<bool> full_{false};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> sync_failures_{0};

  mutable std::mutex mu_;
  // Guarded by mu_.
  const std::unique_ptr<LogWriter> wal_;
  const std::unique_ptr<LogWriter> late_;
  std::uint64_t written_ = 0;  // bytes; the tickets
  // Segment → its newest sample; segments with nothing that is not in blocks are left out.
  std::map<std::uint64_t, TimestampMs> newest_;
  std::map<std::uint64_t, TimestampMs> newest_late_;
  std::vector<SeriesRecord> fresh_;
  std::vector<SeriesRecord> again_;
  struct Logged {
    MemorySeries* series;
    std::uint32_t before;  // labels_mark until now
  };
  std::vector<Logged> logged_;
  std::string fresh_record_;
  std::string again_record_;
  std::vector<std::string_view> parts_;

  std::mutex sync_mu_;  // never taken under mu_, nor mu_ under it
  std::condition_variable sync_cv_;
  std::uint64_t synced_ = 0;  // guarded by sync_mu_
  bool syncing_ = false;      // guarded by sync_mu_
  bool stopping_ = false;     // guarded by sync_mu_
  std::thread syncer_;
};

}  // namespace cachescope::tsdb
