// Compaction: few large blocks instead of many small ones, overlapping blocks made one, deleted samples gone for good.
//
// Planning is Prometheus' leveled compactor (tsdb/compact.go): ranges of time that triple, aligned to the epoch; the
// newest block is left alone, so that a range is compacted once it cannot get more blocks. One pass does one plan; call
// again until there is none.
#pragma once

#include <string>
#include <vector>

#include "server/storage/tsdb/block/block_set.h"
#include "server/storage/tsdb/block/block_writer.h"

namespace cachescope::tsdb {

inline constexpr DurationMs kDefaultBlockRange = 2 * 60 * 60 * 1000;
// Share of a block's series with deleted samples from which on it is rewritten.
inline constexpr double kRewriteShare = 0.05;

// min_range, times 3 each, as long as they do not exceed max_range; at least min_range.
std::vector<DurationMs> CompactionRanges(DurationMs min_range, DurationMs max_range);
// The largest block for a retention time (ms; 0: unlimited): a tenth of it, at most 31 days, at least min_range.
DurationMs MaxBlockRange(DurationMs min_range, DurationMs retention);

// The ULIDs of the blocks to compact next, oldest first; empty: nothing to do. One block alone is to be rewritten
// without its deleted samples. Blocks marked failed are left alone. Pure; any order of `blocks`.
std::vector<std::string> PlanCompaction(std::vector<BlockMeta> blocks, const std::vector<DurationMs>& ranges);

// The same for the blocks of a set as they are now.
std::vector<std::string> PlanCompaction(const BlockSet& set, const std::vector<DurationMs>& ranges);

// The meta that a block made of `parents` begins with: range, level, sources and parents.
BlockMeta MergeMetas(const std::vector<BlockMeta>& parents);

// Compacts the named blocks of `set` into one and puts it in their place. Returns its ULID, "" when no sample was left.
// Of `write`, the range, level, sources, parents and hints are filled in. Safe against a crash at every step. Errors:
// kNotFound (a block is not in the set any more), WriteBlock's. When it is kCorruption, the blocks are marked failed
// and stay; otherwise nothing has changed.
Result<std::string> RunCompaction(BlockSet& set, const std::vector<std::string>& ulids, BlockWriteOptions write);

// Rewrites every block that has tombstones. Returns how many; stops at the first error.
Result<std::size_t> CleanTombstones(BlockSet& set, const BlockWriteOptions& write);

}  // namespace cachescope::tsdb
