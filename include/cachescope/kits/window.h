// Gauges computed from counters over a stated window, at each scrape: the only way a kit makes a rate or a ratio.
//
// The window reaches back to the newest scrape that is at least its length old, or, before there is one, to the moment
// the gauge was made; so its length is exact to one sixty-fourth and to the scrape interval. Without any change in the
// denominator a ratio is NaN: nothing asked, nothing known.
// The gauge keeps its own handles to the counters and needs nothing of the kit afterwards.
#pragma once

#include <functional>
#include <vector>

#include "cachescope/counter.h"
#include "cachescope/kits/options.h"

namespace cachescope::kits {

/// sum(part) / sum(whole) · scale over the window.
struct Ratio {
  std::vector<Counter> part = {};
  std::vector<Counter> whole = {};
  double scale = 1;
};

/// What to give to GaugeFamily::Function. Throw only std::bad_alloc. Results are for one caller at a time.
std::function<double()> RatioOver(Ratio ratio, const KitOptions& options);
/// Increase of all counters per second over the window.
std::function<double()> RateOver(std::vector<Counter> counters, const KitOptions& options);

/// The same over numbers that are not exposed: `read` gives sums that only grow. `read` is owned by the function.
struct PartAndWhole {
  double part = 0;
  double whole = 0;
};
std::function<double()> RatioOver(std::function<PartAndWhole()> read, const KitOptions& options);

}  // namespace cachescope::kits
