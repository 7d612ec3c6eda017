#include "server/storage/tsdb/db/commit_log.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace cachescope::tsdb {
namespace {

void Raise(std::map<std::uint64_t, TimestampMs>* newest, std::uint64_t segment, TimestampMs t) {
  if (t == kMinTime) return;
  TimestampMs& known = newest->try_emplace(segment, t).first->second;
  known = std::max(known, t);
}

std::uint64_t FirstOf(const std::map<std::uint64_t, TimestampMs>& newest, std::uint64_t current) {
  return newest.empty() ? current : std::min(newest.begin()->first, current);
}

}  // namespace

Result<std::shared_ptr<CommitLog>> CommitLog::Open(Env& env, const std::string& directory,
                                                   const CommitLogOptions& options) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<LogWriter> wal,
                              LogWriter::Open(env, JoinPath(directory, "wal"), options.log));
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<LogWriter> late,
                              LogWriter::Open(env, JoinPath(directory, "wbl"), options.log));
  std::shared_ptr<CommitLog> log(new CommitLog(options, std::move(wal), std::move(late)));
  log->MoveMark();
  if (options.sync == WalSync::kInterval) log->syncer_ = std::thread([raw = log.get()] { raw->SyncLoop(); });
  return log;
}

CommitLog::~CommitLog() {
  {
    const std::lock_guard lock(sync_mu_);
    stopping_ = true;
  }
  sync_cv_.notify_all();
  if (syncer_.joinable()) syncer_.join();
}

// Which series need their labels in this segment, and how.
void CommitLog::CollectLabels(const LoggedBatch& batch) {
  fresh_.clear();
  again_.clear();
  logged_.clear();
  const std::uint32_t now = mark();
  for (MemorySeries* series : batch.unlogged) {
    std::uint32_t before = 0;
    {
      const std::lock_guard lock(series->lock());
      before = series->labels_mark;
      // So that a series that stands twice in the list is written once; taken back when writing fails.
      if (LabelsDue(before, now)) series->labels_mark = now | kLabelsTwice;
    }
    if (!LabelsDue(before, now)) continue;
    (before == 0 ? fresh_ : again_).push_back({series->ref(), series->labels()});
    logged_.push_back({series, before});
  }
}

// REQUIRES: what CollectLabels found was written, or failed to be.
void CommitLog::MarkLabels(bool written) {
  const std::uint32_t now = mark();
  for (const Logged& logged : logged_) {
    const bool twice = logged.before >> 12 == now >> 12;
    const std::lock_guard lock(logged.series->lock());
    logged.series->labels_mark = written ? now | (twice ? kLabelsTwice : 0) : logged.before;
  }
}

Status CommitLog::AppendLocked(LogWriter* writer, std::size_t* bytes) {
  for (const std::string_view part : parts_) *bytes += part.size();
  return writer->Append(parts_);
}

Result<std::uint64_t> CommitLog::Log(const LoggedBatch& batch) {
  if (full_.load(std::memory_order_relaxed)) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return Unavailable("cannot store samples: the disk is nearly full; nothing is taken until space is free again");
  }
  const std::lock_guard lock(mu_);
  CollectLabels(batch);
  const std::size_t fresh = fresh_.size();
  fresh_record_.clear();
  again_record_.clear();
  EncodeSeries(fresh_, &fresh_record_);
  EncodeSeriesAgain(again_, &again_record_);
  parts_.clear();
  if (fresh != 0) parts_.push_back(fresh_record_);
  if (!again_.empty()) parts_.push_back(again_record_);
  for (const std::string& record : batch.records) parts_.push_back(record);
  std::size_t bytes = 0;
  Status status = parts_.empty() ? Status() : AppendLocked(wal_.get(), &bytes);
  MoveMark();
  MarkLabels(status.ok());
  if (status.ok() && !batch.late_records.empty()) {
    parts_.assign(batch.late_records.begin(), batch.late_records.end());
    status = AppendLocked(late_.get(), &bytes);
  }
  if (!status.ok()) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    return status;
  }
  written_ += bytes;
  Raise(&newest_, wal_->segment(), batch.maxt);
  Raise(&newest_late_, late_->segment(), batch.late_maxt);
  return written_;
}

Status CommitLog::LogRecord(std::string_view record) {
  const std::lock_guard lock(mu_);
  const Status status = wal_->Append(std::span(&record, 1));
  if (status.ok()) written_ += record.size();
  MoveMark();
  return status;
}

Status CommitLog::Sync() {
  std::shared_ptr<WritableFile> files[2];
  std::uint64_t upto = 0;
  {
    const std::lock_guard lock(mu_);
    files[0] = wal_->file();
    files[1] = late_->file();
    upto = written_;
  }
  Status status;
  for (const auto& file : files) {
    if (Status one = file->Sync(); !one.ok()) status = std::move(one);
  }
  if (!status.ok()) {
    sync_failures_.fetch_add(1, std::memory_order_relaxed);
    return status;
  }
  const std::lock_guard lock(sync_mu_);
  synced_ = std::max(synced_, upto);
  return {};
}

// One of those who wait syncs for all.
Status CommitLog::WaitDurable(std::uint64_t ticket) {
  if (options_.sync != WalSync::kAlways) return {};
  std::unique_lock lock(sync_mu_);
  while (synced_ < ticket) {
    if (syncing_) {
      sync_cv_.wait(lock);
      continue;
    }
    syncing_ = true;
    lock.unlock();
    const Status status = Sync();
    lock.lock();
    syncing_ = false;
    sync_cv_.notify_all();
    if (!status.ok()) return status;
  }
  return {};
}

void CommitLog::SyncLoop() {
  std::unique_lock lock(sync_mu_);
  std::uint64_t seen = 0;
  while (!sync_cv_.wait_for(lock, std::chrono::milliseconds(options_.interval), [this] { return stopping_; })) {
    lock.unlock();
    std::uint64_t written = 0;
    {
      const std::lock_guard log_lock(mu_);
      written = written_;
    }
    if (written != seen) {
      if (const Status status = Sync(); status.ok()) {
        seen = written;
      } else {
        LogError("cannot make the log durable; it will be tried again", {{"error", std::string(status.message())}});
      }
    }
    lock.lock();
  }
}

Status CommitLog::NextSegments() {
  const std::lock_guard lock(mu_);
  if (wal_->segment_size() > 0) CACHESCOPE_RETURN_IF_ERROR(wal_->NextSegment());
  MoveMark();
  return late_->segment_size() > 0 ? late_->NextSegment() : Status();
}

Result<SnapshotPosition> CommitLog::Position() {
  CACHESCOPE_RETURN_IF_ERROR(NextSegments());
  const std::lock_guard lock(mu_);
  SnapshotPosition out;
  out.wal_segment = wal_->segment();
  out.wbl_segment = late_->segment();
  out.newest = newest_;
  out.newest_late = newest_late_;
  return out;
}

void CommitLog::KnowSegments(std::map<std::uint64_t, TimestampMs> wal, std::map<std::uint64_t, TimestampMs> late) {
  const std::lock_guard lock(mu_);
  for (const auto& [segment, maxt] : wal) Raise(&newest_, segment, maxt);
  for (const auto& [segment, maxt] : late) Raise(&newest_late_, segment, maxt);
}

Status CommitLog::NoteCut(TimestampMs mint) {
  std::string record;
  EncodeCut(mint, &record);
  const std::string_view view = record;
  const std::lock_guard lock(mu_);
  CACHESCOPE_RETURN_IF_ERROR(late_->Append(std::span(&view, 1)));
  CACHESCOPE_RETURN_IF_ERROR(wal_->Append(std::span(&view, 1)));
  MoveMark();
  std::erase_if(newest_, [mint](const auto& entry) { return entry.second < mint; });
  std::erase_if(newest_late_, [mint](const auto& entry) { return entry.second < mint; });
  return {};
}

std::uint64_t CommitLog::FirstNeeded() const {
  const std::lock_guard lock(mu_);
  return FirstOf(newest_, wal_->segment());
}

Status CommitLog::RemoveBefore(std::uint64_t segment) {
  const std::lock_guard lock(mu_);
  return wal_->RemoveBefore(segment);
}

Status CommitLog::RemoveLate() {
  const std::lock_guard lock(mu_);
  return late_->RemoveBefore(FirstOf(newest_late_, late_->segment()));
}

CommitLogStats CommitLog::stats() const {
  CommitLogStats out;
  out.failures = failures_.load();
  out.refused = refused_.load();
  out.sync_failures = sync_failures_.load();
  out.full = full_.load();
  const std::lock_guard lock(mu_);
  out.bytes = written_;
  out.segment = wal_->segment();
  out.late_segment = late_->segment();
  return out;
}

}  // namespace cachescope::tsdb
