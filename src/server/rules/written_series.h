// The series a recording rule wrote at its last evaluation: their references, and what must end because it is no
// longer written. Not thread-safe.
#pragma once

#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "server/promql/engine.h"
#include "server/storage/appender.h"

namespace cachescope::rules {

class WrittenSeries {
 public:
  // Appends the first point of each series as of `t` and ends the series of the last evaluation that are not among
  // them. kInvalidArgument, with nothing appended: two series have the same labels. The first error of the store that
  // matters is returned in `*refused`, the rest is written all the same. O(series), without hashing when they are those
  // of the last time in the same order.
  Status Write(storage::Appender* appender, const std::vector<promql::ResultSeries>& series, TimestampMs t,
               Status* refused);
  // What Write appended is stored.
  void Written();
  std::size_t size() const { return now_.size(); }

 private:
  struct One {
    Labels labels;
    storage::SeriesRef ref = 0;
  };
  bool SameAsBefore(const std::vector<promql::ResultSeries>& series) const;

  std::vector<One> now_;   // what stands in the store
  std::vector<One> next_;  // what Write appended
};

}  // namespace cachescope::rules
