// Several series lists as one. Internal to merge_querier.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/storage/querier.h"

namespace cachescope::storage {

struct MergedListPart {
  std::shared_ptr<const SeriesList> list;
  TimestampMs maxt = 0;  // as in MergePart
};

// Series with equal labels become one. Twelve bytes per series of a part, one hash each.
std::shared_ptr<const SeriesList> MergeLists(std::vector<MergedListPart> parts, std::vector<std::string> warnings);

}  // namespace cachescope::storage
