// A store that is as simple as can be: columns in memory, no compression, samples in any order, the last of a time
// wins. For scripts, rule tests and backtests, and the reference against which the real head is compared.
//
// Counter reset hints of histograms come back as chunks would give them. Appending at the end of a series is O(1),
// elsewhere linear. Readers may run side by side, but not while somebody writes. What is appended is visible at once:
// Commit and Rollback do nothing.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/storage/querier.h"

namespace cachescope::promql {

class MemoryStore final : public storage::Storage {
 public:
  // Appends beyond `max_samples` (0: no limit) end with kLimitExceeded.
  explicit MemoryStore(std::size_t max_samples = 0) : max_samples_(max_samples) {}
  MemoryStore(MemoryStore&&) = delete;

  std::unique_ptr<storage::Appender> NewAppender() override;
  // Selects series whatever their times; Read obeys its own bounds.
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override;

  std::size_t samples() const noexcept { return samples_; }
  std::size_t series() const noexcept { return series_.size(); }

 private:
  friend class MemoryAppender;
  friend class MemoryQuerier;
  friend class MemorySeries;
  struct Points {
    storage::SeriesRef ref = 0;
    std::vector<TimestampMs> times;  // of floats; ascending
    std::vector<double> values;
    std::vector<storage::HistogramSample> histograms;  // ascending
    std::map<TimestampMs, TimestampMs> starts;         // of the samples of either kind that have one
  };
  using SeriesMap = std::map<Labels, Points>;

  Result<SeriesMap::iterator> Find(storage::SeriesRef ref, const Labels& labels);
  Status CountOne();

  const std::size_t max_samples_;
  std::size_t samples_ = 0;
  SeriesMap series_;
  std::vector<SeriesMap::iterator> by_ref_;  // ref - 1
  std::unordered_map<std::string_view, std::vector<SeriesMap::iterator>> by_name_;
};

}  // namespace cachescope::promql
