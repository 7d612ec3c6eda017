// The fixed data of the query benchmark: what a few hundred caches and their clients would have written during six
// hours, one sample every 15 s. The same numbers on every run and for every store.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/labels.h"
#include "model/sample.h"

namespace cachescope::bench {

inline constexpr DurationMs kInterval = 15'000;
inline constexpr DurationMs kSpan = 6 * 60 * 60 * 1000;

// Families: cache_gets_total (100 series, 6 h), request_seconds_bucket (1,000 × 12, 6 h), shard_bytes_total (10,000,
// 70 min), key_hits (100,000, 10 min).
class DataSet {
 public:
  // Samples end at `end`, milliseconds.
  explicit DataSet(TimestampMs end);

  TimestampMs start() const { return end_ - kSpan - 10 * 60 * 1000; }
  TimestampMs end() const { return end_; }
  const std::vector<Labels>& labels() const { return labels_; }
  // Calls sink(series, value) for every series that has a sample at `t`. REQUIRES: called for ascending multiples of
  // kInterval before the end.
  void Scrape(TimestampMs t, const std::function<void(std::size_t, double)>& sink);

 private:
  struct Family {
    std::size_t first = 0;
    std::size_t size = 0;
    TimestampMs from = 0;
    unsigned pace = 0;     // most a series grows by in one interval
    std::size_t bins = 1;  // consecutive series that accumulate
  };
  void Add(Family family, TimestampMs from);

  TimestampMs end_;
  std::vector<Labels> labels_;
  std::vector<double> values_;
  std::vector<Family> families_;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
};

// The queries, by name. `range` 0: instant at the end.
struct Question {
  std::string name;
  std::string query;
  DurationMs range = 0;
  DurationMs step = 0;
};
const std::vector<Question>& Questions();

}  // namespace cachescope::bench
