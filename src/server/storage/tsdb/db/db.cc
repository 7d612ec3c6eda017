#include "server/storage/tsdb/db/db.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "server/storage/merge_querier.h"
#include "server/storage/tsdb/db/checkpoint.h"
#include "server/storage/tsdb/db/exemplar_log.h"
#include "server/storage/tsdb/wal/record.h"
#include "server/storage/warning_querier.h"

namespace cachescope::tsdb {
namespace {

constexpr std::chrono::milliseconds kPassEvery(1000);
constexpr std::chrono::milliseconds kPatience(30'000);
constexpr std::uint64_t kMostMinFree = 256ULL << 20;
constexpr std::uint64_t kSnapshotEveryBytes = 64 << 20;  // of the log
constexpr DurationMs kQuiet = 60'000;
constexpr DurationMs kSegmentAge = 30 * 60 * 1000;

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

TimestampMs RangeBegin(TimestampMs t, DurationMs range) {
  const TimestampMs rest = t % range;
  return t - (rest < 0 ? rest + range : rest);
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

Result<std::unique_ptr<Db>> Db::Open(std::string directory, DbOptions options) {
  std::unique_ptr<Db> db(new Db(std::move(directory), std::move(options)));
  CACHESCOPE_RETURN_IF_ERROR(db->Start());
  return db;
}

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
  ReplayStats known = std::move(replay_);
  std::vector<LoadCounts> counts;
  CACHESCOPE_ASSIGN_OR_RETURN(replay_, Replay(*options_.env, directory_, loader.get(), replay, &counts));
  if (replay_.orphaned > 0 && replay_.damages > 0) {
    // The labels may stand behind the samples: once more from the beginning, and they first.
    LogWarn("labels of series are lost to damage; the log is read once more for those that stand there twice");
    replay.from_snapshot = false;
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
  // A log of another program does not say what of it is in blocks: all that is older than their end.
  loader->Finish(counts, replay_.has_cut ? kMinTime : cut_);
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

Db::~Db() {
  {
    const std::lock_guard lock(wake_mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (maintainer_.joinable()) maintainer_.join();
  if (log_ == nullptr) return;
  if (options_.exemplars != nullptr) options_.exemplars->Flush();
  Status status = log_->Sync();
  if (status.ok() && options_.snapshots && !past_closed_ &&
      (snapshot_stale_ || log_->stats().bytes > snapshot_at_bytes_))
    status = WriteSnapshot();
  if (options_.exemplars != nullptr) options_.exemplars->SetLog(nullptr);
  if (!status.ok()) {
    LogError("cannot make the log durable", {{"error", std::string(status.message())}});
  }
}

void Db::Run() {
  std::string last;
  std::unique_lock lock(wake_mu_);
  while (!wake_.wait_for(lock, kPassEvery, [this] { return stopping_.load(); })) {
    lock.unlock();
    const Status status = Maintain();
    // One line for each new cause, not one a second.
    std::string cause = status.ok() || status.code() == Code::kCancelled ? "" : std::string(status.message());
    if (!cause.empty() && cause != last) LogError("the store needs attention", {{"error", cause}});
    last = std::move(cause);
    lock.lock();
  }
}

// The head's view is taken first: what it does not hold any more is in a block by then.
std::unique_ptr<storage::Querier> Db::NewQuerier(TimestampMs mint, TimestampMs maxt) {
  std::unique_ptr<storage::Querier> head = head_->NewQuerier(mint, maxt);
  std::vector<storage::MergePart> parts;
  for (const auto& block : *blocks_->blocks()) {
    const BlockMeta& meta = block->meta();
    if (meta.mint > maxt || meta.maxt <= mint) continue;
    parts.push_back({block->NewQuerier(mint, maxt), meta.maxt - 1});
  }
  if (std::vector<std::string> warnings = blocks_->WarningsFor(mint, maxt); !warnings.empty())
    parts.push_back({storage::NewWarningQuerier(std::move(warnings)), kMinTime});
  if (parts.empty()) return head;
  parts.push_back({std::move(head)});
  return storage::MergeQueriers(std::move(parts));
}

DbStats Db::stats() const {
  DbStats out;
  out.head = head_->stats();
  out.blocks = blocks_->stats();
  if (log_ != nullptr) out.log = log_->stats();
  out.replay = replay_;
  out.replay_ms = replay_ms_;
  out.log_bytes = log_bytes_.load();
  out.cuts = cuts_.load();
  out.compactions = compactions_.load();
  out.failures = failures_.load();
  out.exemplar_failures = exemplar_failures_.load();
  out.deleted_by_time = deleted_by_time_.load();
  out.deleted_by_size = deleted_by_size_.load();
  return out;
}

Status Db::Maintain() {
  const std::lock_guard lock(maintain_mu_);
  Status first;
  const auto note = [&](const Status& status) {
    if (status.ok() || status.code() == Code::kCancelled) return;
    failures_.fetch_add(1);
    if (first.ok()) first = status;
  };
  note(Retain());
  note(CheckSpace());
  while (!stopping_ && ForgetCut() && NeedsCut()) {
    const Status status = CutOldest(false);
    note(status);
    if (!status.ok()) break;
  }
  note(DropSegments());
  note(SnapshotWhenDue());
  note(Compact());
  return first;
}

Status Db::CheckSpace() {
  if (log_ == nullptr) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const DiskSpace space, options_.env->Space(directory_));
  std::uint64_t least = options_.min_free;
  if (least == DbOptions::kDefaultMinFree) least = std::min(space.total / 20, kMostMinFree);
  const bool was_full = log_->stats().full;
  // Once full, some more must be free before anything is taken again.
  const bool full = space.available < least + (was_full ? least / 8 : 0);
  if (full != was_full) {
    const std::string available = std::to_string(space.available >> 20) + " MiB";
    if (full) {
      LogError("the disk is nearly full: nothing is stored until space is free again", {{"available", available}});
    } else {
      LogInfo("the disk has space again: samples are stored", {{"available", available}});
    }
    log_->SetFull(full);
  }
  return {};
}

// False while a reader that looks at what was cut keeps the head from forgetting it.
bool Db::ForgetCut() {
  if (!past_closed_) return true;
  if (cut_under_way_ != kMinTime && head_->Truncate(cut_under_way_) < cut_under_way_) return false;
  head_->Reopen();
  past_closed_ = false;
  return true;
}

bool Db::NeedsCut() const {
  const HeadStats head = head_->stats();
  if (log_ == nullptr || head.min_time > head.max_time) return false;
  const TimestampMs end = RangeBegin(head.min_time, options_.block_range) + options_.block_range;
  const DurationMs keep = std::max(options_.block_range / 2, options_.head.out_of_order_window);
  return head.max_time >= end + keep && head_->QuietBefore(end, kQuiet);
}

BlockWriteOptions Db::WriteOptions() const {
  BlockWriteOptions out;
  out.encoding = options_.encoding;
  out.chunk_range = options_.block_range;
  out.clock = options_.head.clock;
  out.cancel = &stopping_;
  return out;
}

Status Db::CutOldest(bool all) {
  if (!ForgetCut()) return {};
  const HeadStats stats = head_->stats();
  BlockWriteOptions write = WriteOptions();
  write.mint = RangeBegin(stats.min_time, options_.block_range);
  write.maxt = write.mint + options_.block_range;
  if (all) write.maxt = std::min(write.maxt, stats.max_time + 1);
  past_closed_ = true;
  cut_under_way_ = kMinTime;  // so far nothing is to be forgotten
  CACHESCOPE_RETURN_IF_ERROR(head_->CloseBefore(write.maxt, kPatience));
  std::optional<BlockMeta> written;
  {
    const auto source = head_->NewQuerier(kMinTime, write.maxt - 1);
    CACHESCOPE_ASSIGN_OR_RETURN(written, WriteBlock(*options_.env, directory_, *source, write));
  }
  if (written.has_value()) CACHESCOPE_RETURN_IF_ERROR(blocks_->Add(written->ulid));
  CACHESCOPE_RETURN_IF_ERROR(log_->NoteCut(write.maxt));
  cut_under_way_ = write.maxt;
  cut_ = std::max(cut_, write.maxt);
  cuts_.fetch_add(1);
  (void)ForgetCut();
  return log_->NextSegments();
}

Status Db::DropSegments() {
  if (log_ == nullptr) return {};
  const TimestampMs now = options_.head.clock->NowMs();
  if (now - segments_since_ >= kSegmentAge || now < segments_since_) {
    segments_since_ = now;
    CACHESCOPE_RETURN_IF_ERROR(log_->NextSegments());
  }
  const std::string wal = JoinPath(directory_, "wal");
  std::uint64_t bytes = 0;
  bool droppable = false;
  const std::uint64_t first = log_->FirstNeeded();
  for (const std::string& directory : {wal, JoinPath(directory_, "wbl")}) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, options_.env->List(directory));
    for (const DirectoryEntry& entry : entries) {
      const std::int64_t number = SegmentNumber(entry.name);
      bytes += entry.size;
      droppable = droppable || (directory == wal && number >= 0 && static_cast<std::uint64_t>(number) < first);
    }
  }
  log_bytes_ = bytes;
  if (droppable) {
    CACHESCOPE_RETURN_IF_ERROR(WriteCheckpoint(*options_.env, wal, first - 1, *head_, cut_, options_.log.log));
    CACHESCOPE_RETURN_IF_ERROR(log_->RemoveBefore(first));
    snapshot_stale_ = true;
  }
  return log_->RemoveLate();
}

Status Db::Compact() {
  const std::vector<DurationMs> ranges =
      CompactionRanges(options_.block_range, MaxBlockRange(options_.block_range, options_.retention.time));
  while (!stopping_ && log_ != nullptr) {
    const std::vector<std::string> plan = PlanCompaction(*blocks_, ranges);
    if (plan.empty()) break;
    CACHESCOPE_RETURN_IF_ERROR(RunCompaction(*blocks_, plan, WriteOptions()).status());
    compactions_.fetch_add(1);
  }
  return {};
}

Status Db::Retain() {
  if (log_ == nullptr) return {};
  RetentionState state;
  state.now = options_.head.clock->NowMs();
  TimestampMs newest = head_->stats().max_time;
  for (const auto& block : *blocks_->blocks()) newest = std::max(newest, block->meta().maxt - 1);
  if (newest != kMinTime) state.newest = newest;
  state.other_bytes = log_bytes_.load();
  CACHESCOPE_ASSIGN_OR_RETURN(const RetentionPlan gone, ApplyRetention(*blocks_, options_.retention, state));
  deleted_by_time_.fetch_add(gone.by_time.size());
  deleted_by_size_.fetch_add(gone.by_size.size());
  return {};
}

Status Db::Flush() {
  const std::lock_guard lock(maintain_mu_);
  while (true) {
    const HeadStats stats = head_->stats();
    if (stats.min_time > stats.max_time) break;
    CACHESCOPE_RETURN_IF_ERROR(CutOldest(true));
    if (past_closed_) return Unavailable("cannot flush the store: a query still reads what was written");
  }
  CACHESCOPE_RETURN_IF_ERROR(DropSegments());
  return Compact();
}

Result<std::size_t> Db::DeleteSeries(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers) {
  // A cut in between would carry deleted samples into a block that this has passed.
  const std::lock_guard lock(maintain_mu_);
  CACHESCOPE_ASSIGN_OR_RETURN(const std::size_t in_head, head_->Delete(mint, maxt, matchers));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::size_t in_blocks, blocks_->DeleteSeries(mint, maxt, matchers));
  return in_head + in_blocks;
}

Result<std::size_t> Db::CleanTombstones() {
  const std::lock_guard lock(maintain_mu_);
  return tsdb::CleanTombstones(*blocks_, WriteOptions());
}

Result<BackupReport> Db::Backup(const std::string& destination, bool with_head) {
  const std::lock_guard lock(maintain_mu_);
  CACHESCOPE_ASSIGN_OR_RETURN(BackupReport report, BackupBlocks(*blocks_, destination));
  const HeadStats stats = head_->stats();
  if (!with_head || stats.min_time > stats.max_time) return report;
  BlockWriteOptions write = WriteOptions();
  write.mint = stats.min_time;
  write.maxt = stats.max_time + 1;
  const auto source = head_->NewQuerier(write.mint, write.maxt - 1);
  CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<BlockMeta> written,
                              WriteBlock(*options_.env, destination, *source, write));
  if (written.has_value()) ++report.blocks;
  return report;
}

}  // namespace cachescope::tsdb
