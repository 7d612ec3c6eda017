#include "server/storage/tsdb/offline/verify.h"

#include <algorithm>
#include <cstdio>

#include "server/storage/tsdb/block/block_scan.h"
#include "server/storage/tsdb/block/format.h"
#include "server/storage/tsdb/block/ulid.h"
#include "server/storage/tsdb/db/head_snapshot.h"
#include "server/storage/tsdb/db/replay.h"
#include "server/storage/tsdb/wal/log_reader.h"
#include "server/storage/tsdb/wal/record.h"
#include "server/storage/tsdb/wal/segment_bytes.h"

namespace cachescope::tsdb {
namespace {

std::string ChunkFile(const Block& block, std::uint64_t ref) {
  char name[24];
  std::snprintf(name, sizeof name, "%06llu", static_cast<unsigned long long>((ref >> 32) + 1));
  return JoinPath(JoinPath(block.directory(), "chunks"), name);
}

// What is wrong with one chunk; empty: nothing.
std::string CheckChunk(const Block& block, const ChunkMeta& meta, storage::SampleColumns* columns) {
  columns->clear();
  const Status status = ReadStoredChunk(block.chunks(), meta.ref, INT64_MIN, INT64_MAX, columns);
  if (!status.ok()) return DamageOf("", status).cause;
  const auto& times = columns->timestamps;
  const auto& histograms = columns->histograms;
  if (times.empty() && histograms.empty()) return "the chunk holds no sample";
  const TimestampMs first = times.empty() ? histograms.front().t : times.front();
  const TimestampMs last = times.empty() ? histograms.back().t : times.back();
  if (first < meta.mint || last > meta.maxt)
    return "the chunk holds samples outside of the range of time that the index gives it";
  return {};
}

class DirectoryCheck {
 public:
  DirectoryCheck(Env& env, const std::string& directory, const VerifyOptions& options)
      : env_(env), directory_(directory), options_(options) {}

  Result<VerifyReport> Run() {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env_.List(directory_));
    std::vector<LogSegmentFile> segments;
    for (const char* log : {"wal", "wbl"}) {
      CACHESCOPE_ASSIGN_OR_RETURN(const auto found, ListSegments(env_, JoinPath(directory_, log)));
      segments.insert(segments.end(), found.begin(), found.end());
      if (std::string_view(log) == "wal") FindHoles(found);
    }
    progress_.bytes = BytesOf(entries) + BytesOf(segments);
    for (const DirectoryEntry& entry : entries) Entry(entry);
    if (const Status status = VerifyHeadSnapshot(env_, directory_); !status.ok())
      report_.Note(DamageOf(JoinPath(directory_, kHeadSnapshot), status));
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const bool newest = i + 1 == segments.size() || ParentPath(segments[i + 1].path) != ParentPath(segments[i].path);
      Report(segments[i].path);
      const Status status = VerifySegment(env_, segments[i].path, options_.in_use && newest, &report_);
      if (!status.ok() && !Gone(segments[i].path)) report_.Note(DamageOf(segments[i].path, status));
      progress_.bytes_done += SizeOf(segments[i].path);
    }
    return std::move(report_);
  }

 private:
  bool Gone(const std::string& path) const { return options_.in_use && !env_.Exists(path); }

  void Report(const std::string& what) {
    progress_.what = what;
    if (options_.report) options_.report(progress_);
  }

  std::uint64_t SizeOf(const std::string& path) {
    const auto file = env_.Map(path);
    return file.ok() ? (*file)->bytes().size() : 0;
  }
  std::uint64_t BytesOf(const std::vector<LogSegmentFile>& segments) {
    std::uint64_t bytes = 0;
    for (const LogSegmentFile& segment : segments) bytes += SizeOf(segment.path);
    return bytes;
  }
  std::uint64_t BlockBytes(const std::string& ulid) {
    std::uint64_t bytes = 0;
    for (const std::string& path : {JoinPath(directory_, ulid), JoinPath(JoinPath(directory_, ulid), "chunks")}) {
      const auto files = env_.List(path);
      if (!files.ok()) continue;
      for (const DirectoryEntry& file : *files) bytes += file.size;
    }
    return bytes;
  }
  std::uint64_t BytesOf(const std::vector<DirectoryEntry>& entries) {
    std::uint64_t bytes = 0;
    for (const DirectoryEntry& entry : entries) {
      if (entry.is_directory && IsUlid(entry.name)) bytes += BlockBytes(entry.name);
    }
    return bytes;
  }

  // Segments follow each other; one that is missing took its samples along. Late logs drop theirs in any order.
  void FindHoles(const std::vector<LogSegmentFile>& segments) {
    const LogSegmentFile* last = nullptr;
    for (const LogSegmentFile& segment : segments) {
      if (segment.in_checkpoint) continue;
      if (last != nullptr && segment.number != last->number + 1) {
        report_.Note({segment.path, {}, "no segment stands between this one and " + last->path});
      }
      last = &segment;
    }
  }

  void Entry(const DirectoryEntry& entry) {
    if (!entry.is_directory) return;
    const std::string path = JoinPath(directory_, entry.name);
    if (entry.name == kQuarantine) return Quarantine(path);
    if (!IsUlid(entry.name)) {
      if (entry.name.find(".tmp") != std::string::npos)
        report_.notes.push_back(path + " was left by an interrupted run; the next start removes it");
      return;
    }
    Report(path);
    const auto block = OpenServed(env_, directory_, entry.name);
    if (block.ok()) {
      VerifyBlock(**block, &report_);
    } else if (block.status().code() == Code::kInvalidArgument) {
      report_.notes.push_back("not checked: " + std::string(block.status().message()));
    } else if (!Gone(path)) {
      report_.Note(DamageOf(path, block.status()));
    }
    progress_.bytes_done += BlockBytes(entry.name);
  }

  void Quarantine(const std::string& path) {
    const auto entries = env_.List(path);
    if (!entries.ok()) return;
    for (const DirectoryEntry& entry : *entries) {
      if (!entry.is_directory) continue;
      const auto reason = env_.ReadFile(JoinPath(path, entry.name + ".reason"), 1 << 16);
      report_.notes.push_back(JoinPath(path, entry.name) + " is in quarantine: " +
                              (reason.ok() ? reason->substr(0, reason->find('\n')) : "for an unknown reason"));
    }
  }

  Env& env_;
  const std::string& directory_;
  const VerifyOptions& options_;
  VerifyProgress progress_;
  VerifyReport report_;
};

}  // namespace

void VerifyReport::Note(Damage damage) {
  ++damage_count;
  if (damages.size() < kNamedDamages) damages.push_back(std::move(damage));
}

void VerifyBlock(const Block& block, VerifyReport* report) {
  const std::string index_path = JoinPath(block.directory(), "index");
  const std::uint64_t before = report->damage_count;
  std::uint64_t series = 0;
  std::uint64_t chunks = 0;
  std::uint64_t samples = 0;
  const auto refs = block.index().Find({});
  if (!refs.ok()) {
    report->Note(DamageOf(index_path, refs.status()));
  } else {
    std::vector<ChunkMeta> metas;
    storage::SampleColumns columns;
    for (const SeriesRef ref : *refs) {
      if (const Status status = block.index().ReadSeries(ref, nullptr, &metas); !status.ok()) {
        report->Note({index_path, ref * kSeriesAlignment, DamageOf("", status).cause});
        continue;
      }
      ++series;
      for (const ChunkMeta& meta : metas) {
        ++chunks;
        std::string wrong = CheckChunk(block, meta, &columns);
        samples += columns.timestamps.size() + columns.histograms.size();
        if (!wrong.empty()) report->Note({ChunkFile(block, meta.ref), meta.ref & UINT32_MAX, std::move(wrong)});
      }
    }
    // The order of series and chunks, and the postings; damaged series are named above.
    if (report->damage_count == before) {
      if (const Status status = block.index().Verify(); !status.ok()) report->Note(DamageOf(index_path, status));
    }
  }
  // Counts differ where something above could not be read; that is not said twice.
  const BlockMeta& meta = block.meta();
  if (report->damage_count == before && (meta.series != series || meta.chunks != chunks || meta.samples != samples)) {
    const auto counts = [](std::uint64_t a, std::uint64_t b, std::uint64_t c) {
      return std::to_string(a) + " series, " + std::to_string(b) + " chunks, " + std::to_string(c) + " samples";
    };
    report->Note({JoinPath(block.directory(), "meta.json"),
                  {},
                  "it promises " + counts(meta.series, meta.chunks, meta.samples) + ", there are " +
                      counts(series, chunks, samples)});
  }
  ++report->blocks;
  report->series += series;
  report->chunks += chunks;
  report->samples += samples;
}

Status VerifySegment(Env& env, const std::string& path, bool may_be_torn, VerifyReport* report,
                     const std::function<Status(std::string_view record)>& keep) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> file, SegmentBytes(env, path, SegmentUse::kShared));
  LogReader reader(file->bytes());
  RecordBatch batch;
  std::string_view record;
  while (reader.Next(&record)) {
    ++report->records;
    batch.clear();
    const Status status = DecodeRecord(record, &batch);
    if (status.code() == Code::kInvalidArgument) {
      ++report->unknown_records;
    } else if (!status.ok()) {
      report->Note({path, reader.good_end(), "the record that ends here: " + std::string(status.message())});
      continue;
    }
    if (keep) CACHESCOPE_RETURN_IF_ERROR(keep(record));
  }
  for (const LogDamage& damage : reader.damage()) {
    if (!(damage.at_end && may_be_torn)) report->Note({path, damage.position, damage.cause});
  }
  ++report->segments;
  return {};
}

Status VerifyHeadSnapshot(Env& env, const std::string& directory) {
  if (!env.Exists(JoinPath(directory, kHeadSnapshot))) return {};
  Head head;
  HeadLoader loader(head);
  LoadCounts counts;
  const Status status = ReadHeadSnapshot(env, directory, &loader, &counts).status();
  // Of a newer version, or gone meanwhile: a start passes over it, and nothing is lost.
  return status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound ? Status() : status;
}

Result<VerifyReport> VerifyDirectory(Env& env, const std::string& directory, const VerifyOptions& options) {
  return DirectoryCheck(env, directory, options).Run();
}

}  // namespace cachescope::tsdb
