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

class HeadLog {
 public:
  virtual ~HeadLog() = default;
  // What MemorySeries::logged_segment of a series is whose labels stand in the segment being written. Thread-safe.
  virtual std::uint32_t segment() const noexcept = 0;
  // All of the batch or nothing; labels first. Sets logged_segment. Returns a ticket for WaitDurable. Calls do not
  // overlap. Errors: kUnavailable (the store is full and takes nothing), kLimitExceeded (disk full), kIoError.
  virtual Result<std::uint64_t> Log(const LoggedBatch& batch) = 0;
  // One more record, outside of any batch. Errors as for Log. Thread-safe.
  virtual Status LogRecord(std::string_view record) = 0;
  // Returns when what the ticket stands for is as durable as a commit promises. kIoError: it is in the log, but not
  // known to survive the end of the machine. Thread-safe.
  virtual Status WaitDurable(std::uint64_t ticket) = 0;
};

}  // namespace cachescope::tsdb
