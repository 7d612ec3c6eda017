// A store that is as simple as can be: sorted vectors in memory, no compression, no limits. The reference against which
// the real head is compared, and good enough for scripts that load samples in any order. Counter reset hints of
// histograms come back as chunks would give them. Not thread-safe while written.
#pragma once

#include <map>
#include <memory>

#include "server/storage/querier.h"

namespace cachescope::promqltest {

class MemoryStore final : public storage::Storage {
 public:
  std::unique_ptr<storage::Appender> NewAppender() override;
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override;

 private:
  friend class MemoryAppender;
  friend class MemoryQuerier;
  friend class MemorySeries;
  struct Points {
    std::map<TimestampMs, double> floats;
    std::map<TimestampMs, std::shared_ptr<const FloatHistogram>> histograms;
    std::map<TimestampMs, TimestampMs> starts;  // of the samples of either kind that have one
  };
  std::map<Labels, Points> series_;
};

}  // namespace cachescope::promqltest
