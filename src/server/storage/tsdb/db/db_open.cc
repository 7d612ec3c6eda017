// How a Db comes up, from the snapshot of its head and the log, and what it leaves for the next time.
#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "server/storage/tsdb/db/db.h"
#include "server/storage/tsdb/db/exemplar_log.h"
#include "server/storage/tsdb/db/head_snapshot.h"

namespace cachescope::tsdb {
namespace {

constexpr std::uint64_t kSnapshotEveryBytes = 64 << 20;  // of the log

// In place of the log of a store that is only read.
class NoLog final : public HeadLog {
 public:
  std::uint32_t mark() const noexcept override { return LabelsMark(0, 0); }
  Result<std::uint64_t> Log(const LoggedBatch&) override { return Refusal(); }
  Status LogRecord(std::string_view) override { return Refusal(); }
  Status WaitDurable(std::uint64_t) override { return {}; }

 private:
  static Status Refusal() { return Unavailable("cannot change the store: it was opened to be read only"); }
};

DurationMs Milliseconds(std::chrono::steady_clock::duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

// Blocks another program cut from its head say up to when the log is not needed. Those of late samples do not.
TimestampMs EndOfBlocks(const BlockSet& blocks) {
  TimestampMs out = kMinTime;
  for (const auto& block : *blocks.blocks()) {
    if (block->meta().hints.empty()) out = std::max(out, block->meta().maxt);
  }
  return out;
}

}  // namespace

Status Db::Start() {
  Env& env = *options_.env;
  if (!options_.read_only) CACHESCOPE_RETURN_IF_ERROR(env.MakeDirectories(directory_));
  CACHESCOPE_ASSIGN_OR_RETURN(blocks_, BlockSet::Open(env, directory_, options_.read_only));
  HeadOptions head = options_.head;
  head.chunk_range = options_.block_range;
  head.past_reopens = true;
  if (options_.read_only) {
    head.log = std::make_shared<NoLog>();
  } else {
    CACHESCOPE_ASSIGN_OR_RETURN(log_, CommitLog::Open(env, directory_, options_.log));
    head.log = log_;
  }
  options_.head = head;
  CACHESCOPE_RETURN_IF_ERROR(LoadHead());
  // A daemon may have cut a block, and dropped that part of its log, since the blocks were listed.
  if (options_.read_only) return blocks_->Reload();
  log_->KnowSegments(replay_.newest, replay_.newest_late);
  if (replay_.only_there > 0) KeepHeadChunks();
  // From here on the log itself says what of it is in blocks; blocks that are imported later say nothing about it.
  // Without space it waits for the next start.
  if (!replay_.has_cut) (void)log_->NoteCut(cut_);
  segments_since_ = options_.head.clock->NowMs();
  LogExemplars();
  if (options_.background) maintainer_ = std::thread([this] { Run(); });
  return {};
}

// From the snapshot and the log behind it, or from the log alone.
Status Db::LoadHead() {
  const auto begin = std::chrono::steady_clock::now();
  ReplayOptions replay;
  replay.read_only = options_.read_only;
  replay.exemplars = options_.exemplars;
  replay.report = options_.report;
  head_ = std::make_unique<Head>(options_.head);
  auto loader = std::make_unique<HeadLoader>(*head_);
  Result<std::vector<LoadCounts>> loaded = LoadSnapshot(loader.get(), &replay);
  if (!loaded.ok()) {
    if (loaded.status().code() != Code::kNotFound)
      LogWarn("the snapshot of the head is of no use; the log is read instead",
              {{"cause", std::string(loaded.status().message())}});
    // Part of it may be there already.
    head_ = std::make_unique<Head>(options_.head);
    loader = std::make_unique<HeadLoader>(*head_);
    loaded = std::vector<LoadCounts>();
  }
  if (!replay.from_snapshot) replay.blocks_end = EndOfBlocks(*blocks_);
  ReplayStats known = std::move(replay_);
  std::vector<LoadCounts> counts;
  CACHESCOPE_ASSIGN_OR_RETURN(replay_, Replay(*options_.env, directory_, loader.get(), replay, &counts));
  if (replay_.orphaned > 0 && replay_.damages > 0) {
    // The labels may stand behind the samples: once more from the beginning, and they first.
    LogWarn("labels of series are lost to damage; the log is read once more for those that stand there twice");
    replay.from_snapshot = false;
    replay.blocks_end = EndOfBlocks(*blocks_);
    replay.labels_first = true;
    // Those places have been told.
    replay.quiet = true;
    const ReplayStats told = std::move(replay_);
    loaded->clear();
    head_ = std::make_unique<Head>(options_.head);
    loader = std::make_unique<HeadLoader>(*head_);
    CACHESCOPE_ASSIGN_OR_RETURN(replay_, Replay(*options_.env, directory_, loader.get(), replay, &counts));
    // A torn end was cut off meanwhile.
    replay_.damages = told.damages;
    replay_.damage = told.damage;
  }
  if (replay.from_snapshot) {
    replay_.newest.merge(known.newest);
    replay_.newest_late.merge(known.newest_late);
    replay_.has_cut = replay_.has_cut || known.has_cut;
    replay_.cut = std::max(replay_.cut, known.cut);
  }
  counts.insert(counts.end(), loaded->begin(), loaded->end());
  cut_ = replay_.has_cut ? replay_.cut : std::max(EndOfBlocks(*blocks_), kMinTime + 1);
  loader->Finish(counts, kMinTime);
  replay_ms_ = Milliseconds(std::chrono::steady_clock::now() - begin);
  return {};
}

// kNotFound: there is none that may be used.
Result<std::vector<LoadCounts>> Db::LoadSnapshot(HeadLoader* loader, ReplayOptions* replay) {
  if (!options_.snapshots) return NotFound("snapshots are not wanted");
  std::vector<LoadCounts> counts(1);
  CACHESCOPE_ASSIGN_OR_RETURN(SnapshotPosition position,
                              ReadHeadSnapshot(*options_.env, directory_, loader, &counts.front()));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries,
                              options_.env->List(JoinPath(directory_, "wal")));
  for (const DirectoryEntry& entry : entries) {
    const std::int64_t checkpoint = CheckpointNumber(entry.name);
    if (checkpoint >= 0 && static_cast<std::uint64_t>(checkpoint) >= position.wal_segment)
      return NotFound("the log was cut after the snapshot");
  }
  replay->from_snapshot = true;
  replay->wal_from = position.wal_segment;
  replay->wbl_from = position.wbl_segment;
  replay_.has_cut = position.has_cut;
  replay_.cut = position.cut;
  replay_.newest = std::move(position.newest);
  replay_.newest_late = std::move(position.newest_late);
  return counts;
}

Status Db::WriteSnapshot() {
  const CommitLogStats before = log_->stats();
  CACHESCOPE_ASSIGN_OR_RETURN(SnapshotPosition position, log_->Position());
  position.has_cut = cut_ != kMinTime;
  position.cut = cut_;
  CACHESCOPE_ASSIGN_OR_RETURN(snapshot_bytes_, WriteHeadSnapshot(*options_.env, directory_, *head_, position));
  snapshot_at_bytes_ = before.bytes;
  snapshot_stale_ = false;
  // The next start does not read what is older than the snapshot.
  if (options_.exemplars != nullptr) {
    const std::uint64_t bytes = log_->stats().bytes;
    options_.exemplars->LogAgain();
    snapshot_at_bytes_ += log_->stats().bytes - bytes;
  }
  return {};
}

// From now on.
void Db::LogExemplars() {
  if (options_.exemplars == nullptr) return;
  options_.exemplars->SetLog([this](std::span<const storage::StoredExemplar> exemplars) {
    // What the disk has no room for is in memory all the same.
    if (const Status status = WriteExemplars(exemplars, *head_, log_.get()); !status.ok())
      exemplar_failures_.fetch_add(1, std::memory_order_relaxed);
  });
}

// Samples that another program had in head chunks alone: those are not read again once the log has records of ours.
void Db::KeepHeadChunks() {
  snapshot_stale_ = true;
  if (!options_.snapshots) return;
  if (const Status status = WriteSnapshot(); !status.ok()) {
    LogWarn("cannot write down what came from head chunks", {{"cause", std::string(status.message())}});
  }
}

Status Db::SnapshotWhenDue() {
  if (log_ == nullptr || !options_.snapshots || past_closed_) return {};
  const std::uint64_t since = log_->stats().bytes - snapshot_at_bytes_;
  if (since < (snapshot_stale_ ? 1 : std::max(kSnapshotEveryBytes, snapshot_bytes_))) return {};
  return WriteSnapshot();
}

}  // namespace cachescope::tsdb
