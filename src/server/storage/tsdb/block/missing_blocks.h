// Which times a data directory cannot answer for: blocks in quarantine, and blocks left in place that are not served.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "model/sample.h"
#include "server/storage/tsdb/block/block_set_stats.h"

namespace cachescope::tsdb {

struct MissingBlock {
  std::string path;
  // No sample of it is outside, both ends inclusive.
  TimestampMs mint = INT64_MIN;
  TimestampMs maxt = INT64_MAX;
  // For people: which block, which times, where.
  std::string warning;
};

// What is in `directory`/quarantine, and the blocks of `absent` that were left in place. The range of a block is that
// of its meta.json. If that does not read, it is everything before the time in the block's name and an hour more, since
// a block is made after its samples; only samples from the future, or a clock that was wrong then, escape that. A
// directory with another name than a block's may hold any time. One small file per block; not for every query.
std::vector<MissingBlock> FindMissingBlocks(Env& env, const std::string& directory,
                                            const std::vector<AbsentBlock>& absent);

// The warnings for a query over [mint, maxt], of those that are still where they were; at most kNamedMissing, and one
// that counts the rest.
std::vector<std::string> WarningsOfMissing(Env& env, const std::vector<MissingBlock>& missing, TimestampMs mint,
                                           TimestampMs maxt);
inline constexpr std::size_t kNamedMissing = 10;

}  // namespace cachescope::tsdb
