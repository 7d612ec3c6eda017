#include "server/storage/tsdb/wal/log_writer.h"

#include <algorithm>

#include "base/coding.h"
#include "base/crc32c.h"

namespace cachescope::tsdb {

Result<std::unique_ptr<LogWriter>> LogWriter::Open(Env& env, const std::string& directory, const LogOptions& options) {
  CACHESCOPE_RETURN_IF_ERROR(env.MakeDirectories(directory));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env.List(directory));
  std::int64_t newest = -1;
  for (const DirectoryEntry& entry : entries) newest = std::max(newest, SegmentNumber(entry.name));
  LogOptions rounded = options;
  rounded.segment_bytes =
      std::max<std::uint64_t>(1, (options.segment_bytes + kLogPageBytes - 1) / kLogPageBytes) * kLogPageBytes;
  std::unique_ptr<LogWriter> writer(new LogWriter(env, directory, rounded));
  writer->segment_ = static_cast<std::uint64_t>(newest + 1);
  CACHESCOPE_ASSIGN_OR_RETURN(writer->file_, env.Create(JoinPath(directory, SegmentName(writer->segment_))));
  CACHESCOPE_RETURN_IF_ERROR(env.SyncDirectory(directory));
  return writer;
}

Status LogWriter::NextSegment() {
  if (file_ != nullptr && !segment_bad_) CACHESCOPE_RETURN_IF_ERROR(file_->Sync());
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> fresh,
                              env_.Create(JoinPath(directory_, SegmentName(segment_ + 1))));
  CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(directory_));
  file_ = std::move(fresh);
  ++segment_;
  segment_begun_ = true;
  segment_bad_ = false;
  return {};
}

// Appends the record's fragments to buffer_, which will stand at `start` in the segment.
void LogWriter::Frame(std::string_view record, std::uint64_t start) {
  std::uint8_t flags = 0;
  if (CompressRecord(options_.compression, record, &compressed_)) {
    flags = options_.compression == LogCompression::kSnappy ? kSnappyFlag : kZstdFlag;
    record = compressed_;
  }
  for (bool first = true; first || !record.empty(); first = false) {
    std::size_t left = kLogPageBytes - static_cast<std::size_t>((start + buffer_.size()) % kLogPageBytes);
    if (left <= kFragmentHeaderBytes) {
      buffer_.append(left, '\0');
      left = kLogPageBytes;
    }
    const std::string_view part = record.substr(0, left - kFragmentHeaderBytes);
    record.remove_prefix(part.size());
    const FragmentType type = first ? (record.empty() ? FragmentType::kFull : FragmentType::kFirst)
                                    : (record.empty() ? FragmentType::kLast : FragmentType::kMiddle);
    buffer_.push_back(static_cast<char>(static_cast<std::uint8_t>(type) | flags));
    buffer_.push_back(static_cast<char>(part.size() >> 8));
    buffer_.push_back(static_cast<char>(part.size()));
    PutBe32(&buffer_, Crc32c(part));
    buffer_.append(part);
  }
}

Status LogWriter::Append(std::span<const std::string_view> records) {
  if (segment_bad_) CACHESCOPE_RETURN_IF_ERROR(NextSegment());
  for (int attempt = 0;; ++attempt) {
    const std::uint64_t start = file_->size();
    buffer_.clear();
    for (const std::string_view record : records) Frame(record, start);
    if (start + buffer_.size() <= options_.segment_bytes || start == 0 || attempt > 0) {
      Status status = file_->Append(std::string_view(buffer_));
      return status.ok() ? status : Recover(std::move(status), start);
    }
    CACHESCOPE_RETURN_IF_ERROR(NextSegment());
  }
}

Status LogWriter::Recover(Status cause, std::uint64_t good_size) {
  if (!file_->Truncate(good_size).ok()) segment_bad_ = true;
  return cause;
}

Status LogWriter::Sync() { return file_->Sync(); }

Status LogWriter::RemoveBefore(std::uint64_t segment) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env_.List(directory_));
  for (const DirectoryEntry& entry : entries) {
    const std::int64_t number = SegmentNumber(entry.name);
    if (number < 0 || static_cast<std::uint64_t>(number) >= segment) continue;
    CACHESCOPE_RETURN_IF_ERROR(env_.Remove(JoinPath(directory_, entry.name)));
  }
  return env_.SyncDirectory(directory_);
}

}  // namespace cachescope::tsdb
