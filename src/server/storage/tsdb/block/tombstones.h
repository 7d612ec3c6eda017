// Tombstones: the deleted time ranges of a block's series.
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/tombstones.md
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "model/sample.h"
#include "server/storage/appender.h"
#include "server/storage/querier.h"

namespace cachescope::tsdb {

// Both ends inclusive.
struct TimeRange {
  TimestampMs mint = 0;
  TimestampMs maxt = 0;
  bool operator==(const TimeRange&) const = default;
};

// Ranges of one series: sorted, apart by more than a millisecond.
class RangeSet {
 public:
  // Merges it with what it touches.
  void Add(TimeRange range);
  const std::vector<TimeRange>& ranges() const noexcept { return ranges_; }
  bool Covers(TimestampMs mint, TimestampMs maxt) const noexcept;
  bool empty() const noexcept { return ranges_.empty(); }
  // Takes the samples inside the ranges out of the columns, from the given positions on.
  void Erase(std::size_t first_float, std::size_t first_histogram, storage::SampleColumns* columns) const;

 private:
  std::vector<TimeRange> ranges_;
};

// By series reference in the block.
using Tombstones = std::map<storage::SeriesRef, RangeSet>;

// A missing file means none. kCorruption names the file.
Result<Tombstones> ReadTombstones(Env& env, const std::string& block_directory);
// Replaces the file whole.
Status WriteTombstones(Env& env, const std::string& block_directory, const Tombstones& tombstones);

}  // namespace cachescope::tsdb
