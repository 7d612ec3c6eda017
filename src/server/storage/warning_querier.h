// A part of a store that has no samples any more but says that it had some.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/storage/querier.h"

namespace cachescope::storage {

// Selects nothing, with `warnings` each time; lists of labels are empty. For MergeQueriers, beside what does answer.
// Thread-safe.
std::unique_ptr<Querier> NewWarningQuerier(std::vector<std::string> warnings);

}  // namespace cachescope::storage
