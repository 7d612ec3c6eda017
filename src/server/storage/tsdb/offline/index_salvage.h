// SalvageIndex finds series in an index that does not open: behind the symbols, which must be whole, every place where
// a series may stand is tried. A series is taken when its checksum is right and all of it makes sense.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "model/labels.h"
#include "server/storage/appender.h"
#include "server/storage/tsdb/chunk.h"

namespace cachescope::tsdb {

struct SalvagedSeries {
  storage::SeriesRef ref = 0;  // as tombstones name it
  Labels labels;
  std::vector<ChunkMeta> chunks;
};

// Sorted by labels, unique. Reads index version 2. kCorruption: nothing can be read, with the cause; or the Env's.
// About linear in the file.
Result<std::vector<SalvagedSeries>> SalvageIndex(Env& env, const std::string& path);

}  // namespace cachescope::tsdb
