// How a directory of blocks becomes a list: what is served, removed, set aside or left alone. Internal to BlockSet.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/storage/tsdb/block/block_set.h"

namespace cachescope::tsdb {

struct BlockScan {
  BlockSet::List blocks;  // sorted
  std::vector<AbsentBlock> absent;
  std::uint64_t quarantined = 0;  // directories in quarantine/
  bool machine_failed = false;    // a block could not be read, for no fault of its own
};

enum class ScanMode {
  kStart,     // nothing else runs: unfinished blocks are leftovers
  kReload,    // a block may be under way
  kReadOnly,  // nothing on disk is touched
};

// Blocks of `old` that are still there are kept as they are. Only a directory that cannot be listed is an error.
Result<BlockScan> ScanBlocks(Env& env, const std::string& directory, const BlockSet::List& old, ScanMode mode);

// Block::Open and what makes a block unfit to serve beyond that: another name than its own (kInvalidArgument), an
// encoding nobody knows (kInvalidArgument), no chunk files though it has chunks (kCorruption).
Result<std::shared_ptr<Block>> OpenServed(Env& env, const std::string& directory, const std::string& ulid);

void SortBlocks(BlockSet::List* blocks);

// Takes the name away; what is then to be removed is `<ulid>.tmp-for-deletion`.
Status RenameForDeletion(Env& env, const std::string& directory, const std::string& ulid);

}  // namespace cachescope::tsdb
