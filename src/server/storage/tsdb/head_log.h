// HeadLog is where a head writes down what it commits before anybody sees it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/storage/tsdb/series.h"

namespace cachescope::tsdb {

// What one commit writes: whole records (wal/record.h), encoded.
struct LoggedBatch {
  std::vector<MemorySeries*> unlogged;    // of its series, those whose labels may be missing in the segment
  std::vector<std::string> records;       // samples in order
  std::vector<std::string> late_records;  // samples out of order
  TimestampMs maxt = kMinTime;            // of the samples in order
  TimestampMs late_maxt = kMinTime;       // of those out of order
};

// Where the labels of a series stand in the log, in 32 bits: segment, position in steps of two pages, and whether they
// stand there twice. 0: nowhere.
constexpr std::uint32_t LabelsMark(std::uint64_t segment, std::uint64_t bytes) {
  const std::uint64_t step = bytes >> 16;
  return static_cast<std::uint32_t>(segment + 1) << 12 | static_cast<std::uint32_t>(step < 2047 ? step : 2047) << 1;
}
inline constexpr std::uint32_t kLabelsTwice = 1;
// Whether the next sample of a series should bring its labels: where none stand in the segment, and once more so far
// behind the first that no one damage hits both.
constexpr bool LabelsDue(std::uint32_t mark, std::uint32_t now) {
  if (mark >> 12 != now >> 12) return true;
  return (mark & kLabelsTwice) == 0 && (now >> 1 & 2047) >= (mark >> 1 & 2047) + 2;
}

class HeadLog {
 public:
  virtual ~HeadLog() = default;
  // The mark of labels that were written now. Thread-safe.
  virtual std::uint32_t mark() const noexcept = 0;
  // All of the batch or nothing; labels first. Sets labels_mark. Returns a ticket for WaitDurable. Calls do not
  // overlap. Errors: kUnavailable (the store is full and takes nothing), kLimitExceeded (disk full), kIoError.
  virtual Result<std::uint64_t> Log(const LoggedBatch& batch) = 0;
  // One more record, outside of any batch. Errors as for Log. Thread-safe.
  virtual Status LogRecord(std::string_view record) = 0;
  // Returns when what the ticket stands for is as durable as a commit promises. kIoError: it is in the log, but not
  // known to survive the end of the machine. Thread-safe.
  virtual Status WaitDurable(std::uint64_t ticket) = 0;
};

}  // namespace cachescope::tsdb
