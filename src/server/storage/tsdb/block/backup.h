// BackupBlocks copies the blocks of a running store: by hard links where source and destination share a file system.
#pragma once

#include <string>

#include "server/storage/tsdb/block/block_set.h"

namespace cachescope::tsdb {

struct BackupReport {
  std::size_t blocks = 0;
  std::uint64_t bytes = 0;
  std::size_t linked_files = 0;
  std::size_t copied_files = 0;
};

// Puts every block of the set, as it is at this moment, into `destination`, which is made and must hold no block of the
// same name (kInvalidArgument). Each appears there whole or not at all; on an error those finished stay. Thread-safe
// beside everything else; blocks wait with their deletion until it is done.
Result<BackupReport> BackupBlocks(BlockSet& set, const std::string& destination);

}  // namespace cachescope::tsdb
