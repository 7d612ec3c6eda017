// The labels a rule gives to what it yields. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/labels.h"

namespace cachescope::rules {

// Names with values, sorted by name, each name once; an empty value takes the label away.
using Overrides = std::vector<std::pair<std::string, std::string>>;

// Sorts; of equal names the last wins.
void SortOverrides(Overrides* overrides);

// The labels of `source` without its metric name, changed by `overrides` (which may give a new one). One pass over
// both and one allocation.
Labels WithOverrides(const Labels& source, const Overrides& overrides);

}  // namespace cachescope::rules
