#include "server/storage/tsdb/db/replay.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "server/storage/tsdb/db/head_chunk_load.h"
#include "server/storage/tsdb/db/replay_workers.h"
#include "server/storage/tsdb/db/torn_end.h"
#include "server/storage/tsdb/head_log.h"
#include "server/storage/tsdb/wal/log_reader.h"
#include "server/storage/tsdb/wal/record.h"
#include "server/storage/tsdb/wal/segment_bytes.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kBatchSamples = 32 * 1024;
constexpr std::size_t kNamedDamages = 20;
constexpr std::string_view kCheckpointPrefix = "checkpoint.";

// Reads the logs in order, makes the series, and hands the samples to the workers.
class LogReplay {
 public:
  LogReplay(Env& env, const std::string& directory, HeadLoader* loader, const ReplayOptions& options)
      : env_(env), directory_(directory), loader_(loader), options_(options), workers_(loader, options.threads) {}

  Status ReadAll();
  ReplayStats Finish(std::vector<LoadCounts>* counts);

 private:
  Result<std::unique_ptr<MappedFile>> Bytes(const LogSegmentFile& segment) const {
    return SegmentBytes(env_, segment.path, options_.read_only ? SegmentUse::kShared : SegmentUse::kMine);
  }
  Status ReadLabels(const LogSegmentFile& segment);
  Status ReadSegment(const LogSegmentFile& segment);
  Status CutTornEnd(const LogSegmentFile& segment, std::uint64_t end, std::unique_ptr<MappedFile> file);
  void TakeRecord(std::string_view record, const LogSegmentFile& segment);
  void TakeSeries(const LogSegmentFile& segment);
  void TakeExemplars();
  void EndOrdered();
  void TakeCut(const LogSegmentFile& segment);
  template <typename Record>
  void NoteSample(const Record& record) {
    maxt_ = std::max(maxt_, record.t);
    loader_->Reserve(record.ref);
  }
  void NoteDamage(const std::string& path, std::uint64_t position, const std::string& cause);
  void Flush();
  Status OpenHeadChunks(const std::vector<LogSegmentFile>& segments);
  void LoadHeadChunks(const std::vector<SeriesRecord>& series);
  Result<bool> IsOurs(const LogSegmentFile& segment) const;

  Env& env_;
  const std::string& directory_;
  HeadLoader* const loader_;
  const ReplayOptions& options_;
  ReplayWorkers workers_;
  ReplayStats stats_;
  // Of the segment being read.
  TimestampMs maxt_ = kMinTime;
  std::uint64_t unknown_ = 0;
  std::shared_ptr<RecordBatch> batch_ = std::make_shared<RecordBatch>();
  std::size_t commit_starts_ = 0;               // of batch_->starts, where those of the commit being read begin
  std::unique_ptr<HeadChunkLoad> head_chunks_;  // null: there are none to load
  LoadCounts from_chunks_;
};

void LogReplay::NoteDamage(const std::string& path, std::uint64_t position, const std::string& cause) {
  ++stats_.damages;
  std::string text = path + " at byte " + std::to_string(position) + ": " + cause;
  if (!options_.quiet) LogWarn("damage in the log; what lies behind it is read on", {{"damage", text}});
  if (stats_.damage.size() < kNamedDamages) stats_.damage.push_back(std::move(text));
}

void LogReplay::TakeSeries(const LogSegmentFile& segment) {
  const auto logged = LabelsMark(segment.number, 0);
  const std::vector<SeriesRecord> series = std::exchange(batch_->series, {});
  for (const SeriesRecord& record : series) (void)loader_->AddSeries(record.ref, record.labels, logged);
  if (head_chunks_ != nullptr) LoadHeadChunks(series);
}

// Whether this program has written into the segment. What it took over stands in its snapshot, and references of head
// chunks may mean other series by now.
Result<bool> LogReplay::IsOurs(const LogSegmentFile& segment) const {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> file, Bytes(segment));
  LogReader reader(file->bytes());
  std::string_view record;
  while (reader.Next(&record)) {
    const auto type = record.empty() ? RecordType::kSeries : static_cast<RecordType>(record.front());
    if (type == RecordType::kCut || type == RecordType::kSeriesAgain) return true;
  }
  return false;
}

Status LogReplay::OpenHeadChunks(const std::vector<LogSegmentFile>& segments) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<HeadChunkLoad> chunks, HeadChunkLoad::Open(env_, directory_));
  if (chunks->empty() && chunks->damage().empty()) return {};
  // Ours are the last ones.
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    CACHESCOPE_ASSIGN_OR_RETURN(const bool ours, IsOurs(*segment));
    if (ours) return {};
  }
  chunks->ReserveRefs(loader_);
  head_chunks_ = std::move(chunks);
  return {};
}

void LogReplay::LoadHeadChunks(const std::vector<SeriesRecord>& series) {
  const auto has_chunks = [this](const SeriesRecord& record) { return head_chunks_->Has(record.ref); };
  if (std::none_of(series.begin(), series.end(), has_chunks)) return;
  Flush();
  workers_.Drain();
  for (const SeriesRecord& record : series) {
    head_chunks_->Load(record.ref, loader_->Find(loader_->Resolve(record.ref)), loader_, &from_chunks_);
  }
}

void LogReplay::TakeExemplars() {
  for (const ExemplarRecord& record : batch_->exemplars) {
    const MemorySeries* series = loader_->Find(loader_->Resolve(record.ref));
    if (options_.exemplars == nullptr || series == nullptr) continue;
    (void)options_.exemplars->AddExemplar(series->labels(), {record.labels, record.value, record.t});
  }
  batch_->exemplars.clear();
}

// What was written before this and is older is in blocks; what comes after it and is older is not.
void LogReplay::TakeCut(const LogSegmentFile& segment) {
  const TimestampMs cut = std::exchange(batch_->cut, kMinTime);
  stats_.cut = std::max(stats_.cut, cut);
  stats_.has_cut = true;
  if (segment.in_checkpoint) return;
  Flush();
  workers_.Drain();
  segment.late ? loader_->DropLateBefore(cut) : loader_->DropBefore(cut);
  std::erase_if(segment.late ? stats_.newest_late : stats_.newest,
                [cut](const auto& entry) { return entry.second < cut; });
  if (maxt_ < cut) maxt_ = kMinTime;
}

void LogReplay::Flush() {
  if (loader_->has_aliases()) {
    for (SampleRecord& record : batch_->samples) record.ref = loader_->Resolve(record.ref);
    for (HistogramRecord& record : batch_->histograms) record.ref = loader_->Resolve(record.ref);
    for (TombstoneRecord& record : batch_->tombstones) record.ref = loader_->Resolve(record.ref);
    for (StartRecord& record : batch_->starts) record.ref = loader_->Resolve(record.ref);
  }
  auto next = workers_.Take();
  // The start times of a commit stand before its samples, which may go on in the next batch.
  next->starts.assign(batch_->starts.begin() + static_cast<std::ptrdiff_t>(commit_starts_), batch_->starts.end());
  commit_starts_ = 0;
  workers_.Give(std::exchange(batch_, std::move(next)));
}

void LogReplay::TakeRecord(std::string_view record, const LogSegmentFile& segment) {
  // Deletions mean the samples before them.
  const bool deletes = !record.empty() && static_cast<RecordType>(record.front()) == RecordType::kTombstones;
  if (deletes) Flush();
  const bool starts = !record.empty() && static_cast<RecordType>(record.front()) == RecordType::kStarts;
  if (starts) commit_starts_ = batch_->starts.size();
  const std::size_t samples = batch_->samples.size();
  const std::size_t histograms = batch_->histograms.size();
  const std::size_t known_starts = batch_->starts.size();
  const Status status = DecodeRecord(record, batch_.get());
  for (std::size_t i = samples; i < batch_->samples.size(); ++i) NoteSample(batch_->samples[i]);
  for (std::size_t i = histograms; i < batch_->histograms.size(); ++i) NoteSample(batch_->histograms[i]);
  // Others stand in one record with their samples.
  if (!starts && batch_->starts.size() != known_starts) commit_starts_ = batch_->starts.size();
  if (batch_->cut != kMinTime) TakeCut(segment);
  if (status.code() == Code::kInvalidArgument) {
    ++stats_.unknown;
    ++unknown_;
  } else if (!status.ok()) {
    NoteDamage(segment.path, 0, std::string(status.message()));
  }
  if (!batch_->series.empty()) TakeSeries(segment);
  if (!batch_->exemplars.empty()) TakeExemplars();
  batch_->metadata.clear();
  batch_->mmap_markers.clear();
  if (deletes || batch_->samples.size() + batch_->histograms.size() >= kBatchSamples) Flush();
}

Status LogReplay::ReadSegment(const LogSegmentFile& segment) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<MappedFile> file, Bytes(segment));
  LogReader reader(file->bytes());
  maxt_ = kMinTime;
  unknown_ = 0;
  std::string_view record;
  while (reader.Next(&record)) TakeRecord(record, segment);
  Flush();
  if (maxt_ != kMinTime && !segment.in_checkpoint) {
    (segment.late ? stats_.newest_late : stats_.newest)[segment.number] = maxt_;
  }
  stats_.bytes += file->bytes().size();
  ++stats_.segments;
  bool torn = false;
  for (const LogDamage& damage : reader.damage()) {
    NoteDamage(segment.path, damage.position, damage.cause);
    torn = torn || damage.at_end;
  }
  // A newer program's, or damage that no checksum covers: the head of a fragment has none.
  if (unknown_ > 0)
    NoteDamage(segment.path, 0, std::to_string(unknown_) + " records of unknown types were passed over");
  if (!torn || options_.read_only) return {};
  return CutTornEnd(segment, reader.good_end(), std::move(file));
}

// So that other readers of this format, which stop at damage, come past it. What cannot be kept stays where it is.
Status LogReplay::CutTornEnd(const LogSegmentFile& segment, std::uint64_t end, std::unique_ptr<MappedFile> file) {
  const std::string folder = ParentPath(segment.path);
  std::string log = segment.late ? "wbl" : "wal";
  if (segment.in_checkpoint) log += "-" + folder.substr(folder.rfind('/') + 1);
  const std::string name = segment.path.substr(segment.path.rfind('/') + 1);
  const Status kept = KeepTornEnd(env_, directory_, log, name, end, file->bytes().subspan(end));
  file.reset();
  if (!kept.ok()) {
    LogWarn("a torn end of the log stays there, since it cannot be copied to quarantine",
            {{"segment", segment.path}, {"error", std::string(kept.message())}});
    return {};
  }
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> cut, env_.OpenToAppend(segment.path));
  CACHESCOPE_RETURN_IF_ERROR(cut->Truncate(end));
  return cut->Sync();
}

// The labels alone: those that stand a second time are there for samples before them.
Status LogReplay::ReadLabels(const LogSegmentFile& segment) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> file, Bytes(segment));
  LogReader reader(file->bytes());
  std::string_view record;
  while (reader.Next(&record)) {
    const auto type = record.empty() ? RecordType() : static_cast<RecordType>(record.front());
    if (type == RecordType::kSeries || type == RecordType::kSeriesAgain) TakeRecord(record, segment);
  }
  return {};
}

// Between wal/ and wbl/.
void LogReplay::EndOrdered() {
  Flush();
  workers_.Drain();
  if (!stats_.has_cut) loader_->DropBefore(options_.blocks_end);
  if (head_chunks_ != nullptr) head_chunks_->LoadLate(loader_, &from_chunks_);
}

Status LogReplay::ReadAll() {
  CACHESCOPE_ASSIGN_OR_RETURN(std::vector<LogSegmentFile> segments, ListSegments(env_, JoinPath(directory_, "wal")));
  CACHESCOPE_ASSIGN_OR_RETURN(std::vector<LogSegmentFile> late, ListSegments(env_, JoinPath(directory_, "wbl")));
  for (LogSegmentFile& segment : late) segment.late = true;
  segments.insert(segments.end(), late.begin(), late.end());
  if (options_.from_snapshot) {
    std::erase_if(segments, [this](const LogSegmentFile& segment) {
      return segment.in_checkpoint || segment.number < (segment.late ? options_.wbl_from : options_.wal_from);
    });
  }
  if (!options_.from_snapshot) CACHESCOPE_RETURN_IF_ERROR(OpenHeadChunks(segments));
  for (const LogSegmentFile& segment : segments) {
    if (options_.labels_first) CACHESCOPE_RETURN_IF_ERROR(ReadLabels(segment));
  }
  ReplayProgress progress{0, segments.size()};
  bool ordered = true;
  for (const LogSegmentFile& segment : segments) {
    if (ordered && segment.late) EndOrdered();
    ordered = ordered && !segment.late;
    CACHESCOPE_RETURN_IF_ERROR(ReadSegment(segment));
    ++progress.segments_done;
    if (options_.report) options_.report(progress);
  }
  if (ordered) EndOrdered();
  return {};
}

ReplayStats LogReplay::Finish(std::vector<LoadCounts>* counts) {
  *counts = workers_.Finish();
  if (head_chunks_ != nullptr) {
    for (const HeadChunkDamage& damage : head_chunks_->damage()) NoteDamage(damage.path, damage.position, damage.cause);
    stats_.orphaned += head_chunks_->OrphanedSamples();
    stats_.head_chunks = from_chunks_.samples;
    std::uint64_t repeated = 0;
    for (const LoadCounts& one : *counts) repeated += one.repeated;
    stats_.only_there = from_chunks_.samples - std::min(from_chunks_.samples, repeated);
    counts->push_back(from_chunks_);
  }
  for (const LoadCounts& one : *counts) {
    stats_.samples += one.samples;
    stats_.late += one.late;
    stats_.dropped += one.dropped;
    stats_.orphaned += one.orphaned;
  }
  stats_.series = loader_->series_count();
  return std::move(stats_);
}

}  // namespace

std::int64_t CheckpointNumber(std::string_view name) noexcept {
  if (!name.starts_with(kCheckpointPrefix)) return -1;
  return SegmentNumber(name.substr(kCheckpointPrefix.size()));
}

std::string CheckpointName(std::uint64_t number) { return std::string(kCheckpointPrefix) + SegmentName(number); }

Result<std::vector<LogSegmentFile>> ListSegments(Env& env, const std::string& log_directory) {
  std::vector<LogSegmentFile> out;
  if (!env.Exists(log_directory)) return out;
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env.List(log_directory));
  std::int64_t checkpoint = -1;
  for (const DirectoryEntry& entry : entries) {
    if (entry.is_directory) checkpoint = std::max(checkpoint, CheckpointNumber(entry.name));
  }
  if (checkpoint >= 0) {
    const std::string inside = JoinPath(log_directory, CheckpointName(static_cast<std::uint64_t>(checkpoint)));
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> parts, env.List(inside));
    for (const DirectoryEntry& part : parts) {
      if (SegmentNumber(part.name) >= 0) out.push_back({JoinPath(inside, part.name), 0, true});
    }
  }
  for (const DirectoryEntry& entry : entries) {
    const std::int64_t number = entry.is_directory ? -1 : SegmentNumber(entry.name);
    if (number > checkpoint) {
      out.push_back({JoinPath(log_directory, entry.name), static_cast<std::uint64_t>(number), false});
    }
  }
  return out;
}

Result<ReplayStats> Replay(Env& env, const std::string& directory, HeadLoader* loader, const ReplayOptions& options,
                           std::vector<LoadCounts>* counts) {
  LogReplay replay(env, directory, loader, options);
  const Status status = replay.ReadAll();
  ReplayStats stats = replay.Finish(counts);
  if (!status.ok()) return status;
  return stats;
}

}  // namespace cachescope::tsdb
