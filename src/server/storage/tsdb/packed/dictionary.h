// The different numbers of a column, when they are few.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "server/storage/tsdb/packed/layout.h"

namespace cachescope::tsdb::packed {

// Writes the different numbers to `words`, ascending as signed ones, and to `n` in place of each number where in
// `words` it stands. False, with `n` as it was, when they are more than kMostWords or, by a look at a few, too many to
// pay. About 3 ns a number.
bool MakeDictionary(std::span<std::uint64_t> n, std::vector<std::uint64_t>* words);

}  // namespace cachescope::tsdb::packed
