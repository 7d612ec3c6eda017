// Late samples, kept beside the chunks of a series, come back into their place when it is read. Pure functions.
#pragma once

#include <cstddef>
#include <vector>

#include "server/storage/querier.h"
#include "server/storage/tsdb/series.h"

namespace cachescope::tsdb {

// Merges `late`, ascending, into the columns from the given positions on. A sample that is already there at the same
// time, float or histogram, stays instead. Linear.
void MergeLate(const std::vector<LateSample>& late, std::size_t first_float, std::size_t first_histogram,
               storage::SampleColumns* columns);

}  // namespace cachescope::tsdb
