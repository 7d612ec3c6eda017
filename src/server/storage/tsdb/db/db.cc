#include "server/storage/tsdb/db/db.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "server/storage/merge_querier.h"
#include "server/storage/tsdb/db/checkpoint.h"
#include "server/storage/tsdb/wal/record.h"
#include "server/storage/warning_querier.h"

namespace cachescope::tsdb {
namespace {

constexpr std::chrono::milliseconds kPassEvery(1000);
constexpr std::chrono::milliseconds kPatience(30'000);
constexpr std::uint64_t kMostMinFree = 256ULL << 20;
constexpr DurationMs kQuiet = 60'000;
constexpr DurationMs kSegmentAge = 30 * 60 * 1000;

TimestampMs RangeBegin(TimestampMs t, DurationMs range) {
  const TimestampMs rest = t % range;
  return t - (rest < 0 ? rest + range : rest);
}

}  // namespace

Result<std::unique_ptr<Db>> Db::Open(std::string directory, DbOptions options) {
  std::unique_ptr<Db> db(new Db(std::move(directory), std::move(options)));
  CACHESCOPE_RETURN_IF_ERROR(db->Start());
  return db;
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
