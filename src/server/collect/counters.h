// What collecting has done so far. Written by scrape loops, read by whoever exports it. Thread-safe; values only grow.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/status.h"

namespace cachescope::collect {

inline constexpr std::size_t kCodeCount = static_cast<std::size_t>(Code::kInternal) + 1;

struct CollectCounters {
  using Count = std::atomic<std::uint64_t>;
  Count scrapes{0};
  std::array<Count, kCodeCount> failed{};  // by Code of the failure; CodeName gives the label value
  Count skipped{0};                        // scrapes left out because the one before took longer than the interval
  Count samples{0};                        // handed to the store and taken
  Count stale_markers{0};
  // Samples refused while the rest of their scrape was kept.
  Count duplicates{0};
  Count out_of_order{0};
  Count out_of_bounds{0};
  Count too_old{0};
  Count series_limit{0};
  Count report_conflicts{0};  // series a target made under the name and labels of one of ours, for example `up`
  Count metadata_dropped{0};  // families beyond the bound of one target
};

}  // namespace cachescope::collect
