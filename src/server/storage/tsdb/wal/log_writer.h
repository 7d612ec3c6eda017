// LogWriter appends records to a write-ahead log.
//
// What Append accepted is in the kernel when it returns, so it survives the end of the process; Sync makes it survive
// the end of the machine. A failed write leaves nothing of its batch behind: the segment is cut back to its last whole
// record, or, when that fails too, left and a new one begun. Not thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/env.h"
#include "server/storage/tsdb/wal/log_format.h"

namespace cachescope::tsdb {

struct LogOptions {
  std::uint64_t segment_bytes = 128 << 20;  // rounded up to whole pages
  LogCompression compression = LogCompression::kSnappy;
};

class LogWriter {
 public:
  // Makes the directory and begins a new segment behind the newest there.
  static Result<std::unique_ptr<LogWriter>> Open(Env& env, const std::string& directory, const LogOptions& options);

  // All records or none. A batch goes into one segment: the next one begins when it does not fit any more, unless the
  // segment is empty. kLimitExceeded (disk full) and kIoError leave the log usable: try again later.
  Status Append(std::span<const std::string_view> records);
  Status Sync();
  // The segment being written, to sync it while records are being appended. All before it are durable.
  std::shared_ptr<WritableFile> file() const { return file_; }
  // Ends the segment and begins the next.
  Status NextSegment();
  // Number of the segment being written, and bytes in it.
  std::uint64_t segment() const noexcept { return segment_; }
  std::uint64_t segment_size() const { return file_ == nullptr ? 0 : file_->size(); }
  // Removes segments with smaller numbers.
  Status RemoveBefore(std::uint64_t segment);
  // Whether Append began a segment since the last call; its first records should repeat what readers need.
  bool TakeSegmentBegun() noexcept { return std::exchange(segment_begun_, false); }

 private:
  LogWriter(Env& env, std::string directory, const LogOptions& options)
      : env_(env), directory_(std::move(directory)), options_(options) {}
  void Frame(std::string_view record, std::uint64_t start);
  Status Recover(Status cause, std::uint64_t good_size);

  Env& env_;
  const std::string directory_;
  const LogOptions options_;
  std::uint64_t segment_ = 0;
  std::shared_ptr<WritableFile> file_;
  bool segment_begun_ = true;
  bool segment_bad_ = false;  // nothing may follow in it
  std::string buffer_;
  std::string compressed_;
};

}  // namespace cachescope::tsdb
