// ValueGroups: observations of a histogram as (value, count), a value standing for all in its bucket. Pure function.
#pragma once

#include <cstdint>
#include <vector>

#include "client/export/histogram_cells.h"

namespace cachescope::client {

struct ValueGroup {
  std::int64_t key = 0;  // the cell
  double value = 0;
  std::uint64_t count = 0;
};

/// One group for each cell of `delta`, in increasing order of value, such that their values stay within the cells and
/// value · count adds up to `sum` if that can be (a sum read while values are recorded may be one value off).
/// `series` is what the cells were made from; `sum` the observations' sum, ignored unless finite.
std::vector<ValueGroup> MakeValueGroups(const SeriesSnapshot& series, const HistogramCells& delta, double sum);

}  // namespace cachescope::client
