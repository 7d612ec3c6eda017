#include "server/storage/tsdb/db/checkpoint.h"

#include <array>
#include <string_view>
#include <vector>

#include "server/storage/tsdb/db/replay.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kSeriesPerRecord = 1000;

Status WriteSeries(const Head& head, LogWriter* writer) {
  std::vector<SeriesRecord> series;
  std::string record;
  Status status;
  const auto flush = [&] {
    record.clear();
    EncodeSeries(series, &record);
    series.clear();
    const std::string_view view = record;
    if (status.ok() && !record.empty()) status = writer->Append(std::span(&view, 1));
  };
  head.VisitLogged([&](storage::SeriesRef ref, const Labels& labels) {
    series.push_back({ref, labels});
    if (series.size() == kSeriesPerRecord) flush();
  });
  flush();
  return status;
}

Status WriteInto(Env& env, const std::string& directory, const Head& head, TimestampMs cut, const LogOptions& options) {
  CACHESCOPE_RETURN_IF_ERROR(env.RemoveAll(directory));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<LogWriter> writer, LogWriter::Open(env, directory, options));
  std::string record;
  EncodeCut(cut, &record);
  const std::string_view view = record;
  CACHESCOPE_RETURN_IF_ERROR(writer->Append(std::span(&view, 1)));
  CACHESCOPE_RETURN_IF_ERROR(WriteSeries(head, writer.get()));
  CACHESCOPE_RETURN_IF_ERROR(writer->Sync());
  return env.SyncDirectory(directory);
}

}  // namespace

Status WriteCheckpoint(Env& env, const std::string& wal_directory, std::uint64_t upto, const Head& head,
                       TimestampMs cut, const LogOptions& options) {
  const std::string path = JoinPath(wal_directory, CheckpointName(upto));
  const std::string unfinished = path + ".tmp";
  Status status = WriteInto(env, unfinished, head, cut, options);
  if (!status.ok()) {
    (void)env.RemoveAll(unfinished);
    return status;
  }
  CACHESCOPE_RETURN_IF_ERROR(env.RemoveAll(path));
  CACHESCOPE_RETURN_IF_ERROR(env.Rename(unfinished, path));
  CACHESCOPE_RETURN_IF_ERROR(env.SyncDirectory(wal_directory));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env.List(wal_directory));
  for (const DirectoryEntry& entry : entries) {
    const std::int64_t number = CheckpointNumber(entry.name);
    if (number >= 0 && static_cast<std::uint64_t>(number) < upto) {
      CACHESCOPE_RETURN_IF_ERROR(env.RemoveAll(JoinPath(wal_directory, entry.name)));
    }
  }
  return {};
}

}  // namespace cachescope::tsdb
