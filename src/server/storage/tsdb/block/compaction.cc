#include "server/storage/tsdb/block/compaction.h"

#include <algorithm>
#include <set>
#include <span>
#include <tuple>

#include "base/log.h"
#include "server/storage/tsdb/block/block_scan.h"

namespace cachescope::tsdb {
namespace {

using Metas = std::span<const BlockMeta>;

std::vector<std::string> NamesOf(Metas blocks) {
  std::vector<std::string> out;
  for (const BlockMeta& block : blocks) out.push_back(block.ulid);
  return out;
}

// The first run of blocks that overlap. Blocks ascend by mint.
std::vector<std::string> Overlapping(Metas blocks) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    TimestampMs end = blocks[i - 1].maxt;
    for (std::size_t k = 0; k < i; ++k) end = std::max(end, blocks[k].maxt);
    if (blocks[i].mint < end) {
      if (out.empty()) out.push_back(blocks[i - 1].ulid);
      out.push_back(blocks[i].ulid);
    } else if (!out.empty()) {
      break;
    }
  }
  return out;
}

// Begin of the aligned range of `range` ms that t falls into.
TimestampMs AlignDown(TimestampMs t, DurationMs range) {
  const TimestampMs rest = t % range;
  return t - (rest < 0 ? rest + range : rest);
}

// Runs of blocks that lie in one aligned range each; what does not fit into one is left out.
std::vector<Metas> SplitByRange(Metas blocks, DurationMs range) {
  std::vector<Metas> out;
  for (std::size_t i = 0; i < blocks.size();) {
    const TimestampMs end = AlignDown(blocks[i].mint, range) + range;
    const std::size_t first = i;
    while (i < blocks.size() && blocks[i].maxt <= end) ++i;
    if (i == first) {
      ++i;
    } else {
      out.push_back(blocks.subspan(first, i - first));
    }
  }
  return out;
}

// Blocks that fill a range of the next level, or never will because newer ones are there. Without the newest block.
std::vector<std::string> SelectLevel(Metas blocks, const std::vector<DurationMs>& ranges) {
  if (blocks.empty()) return {};
  const TimestampMs newest_mint = blocks.back().mint;
  for (std::size_t level = 1; level < ranges.size(); ++level) {
    const std::vector<Metas> groups = SplitByRange(blocks, ranges[level]);
    for (const Metas group : groups) {
      if (std::any_of(group.begin(), group.end(), [](const BlockMeta& b) { return b.failed; })) continue;
      const TimestampMs mint = group.front().mint;
      const TimestampMs maxt = group.back().maxt;
      if (group.size() > 1 && (maxt - mint == ranges[level] || maxt <= newest_mint)) return NamesOf(group);
    }
  }
  return {};
}

// The newest block of which so much was deleted that rewriting pays. Small blocks are compacted soon anyway.
std::vector<std::string> SelectRewrite(Metas blocks, const std::vector<DurationMs>& ranges) {
  for (std::size_t i = blocks.size(); i-- > 0;) {
    const BlockMeta& block = blocks[i];
    if (block.maxt - block.mint < ranges[ranges.size() / 2]) {
      if (!block.failed && block.tombstones > 0 && block.tombstones >= block.series) return {block.ulid};
      return {};
    }
    const double share = static_cast<double>(block.tombstones) / static_cast<double>(block.series + 1);
    if (!block.failed && share > kRewriteShare) return {block.ulid};
  }
  return {};
}

Result<BlockSet::List> FindParents(const BlockSet& set, const std::vector<std::string>& ulids) {
  BlockSet::List parents;
  const std::shared_ptr<const BlockSet::List> list = set.blocks();
  for (const std::shared_ptr<Block>& block : *list) {
    if (std::find(ulids.begin(), ulids.end(), block->meta().ulid) != ulids.end()) parents.push_back(block);
  }
  if (parents.size() != ulids.size() || parents.empty())
    return NotFound("cannot compact blocks: not all of them are in " + set.directory());
  return parents;
}

// In the order of the set, in which the later block wins, as in queries.
Result<std::unique_ptr<SeriesSource>> SourceOfBlocks(const BlockSet::List& blocks) {
  std::vector<std::unique_ptr<SeriesSource>> sources;
  for (const std::shared_ptr<Block>& block : blocks) {
    CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<SeriesSource> source, SourceOfBlock(block));
    sources.push_back(std::move(source));
  }
  return MergeSources(std::move(sources));
}

Status WriteFailed(const BlockSet::List& parents, Status status) {
  if (status.code() != Code::kCorruption) return status;
  for (const std::shared_ptr<Block>& parent : parents) {
    const Status marked = parent->MarkFailed();
    if (!marked.ok()) LogWarn("cannot mark a block as failed", {{"error", marked.ToString()}});
  }
  return status;
}

Result<std::optional<BlockMeta>> WriteMerged(BlockSet& set, const BlockSet::List& parents,
                                             const BlockWriteOptions& write) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesSource> source, SourceOfBlocks(parents));
  return WriteBlock(set.env(), set.directory(), *source, write);
}

}  // namespace

std::vector<DurationMs> CompactionRanges(DurationMs min_range, DurationMs max_range) {
  std::vector<DurationMs> out;
  for (DurationMs range = min_range; out.empty() || range <= max_range; range *= 3) {
    out.push_back(range);
    if (range > INT64_MAX / 3) break;
  }
  return out;
}

DurationMs MaxBlockRange(DurationMs min_range, DurationMs retention) {
  constexpr DurationMs kMonth = 31ll * 24 * 60 * 60 * 1000;
  const DurationMs wanted = retention <= 0 ? kMonth : std::min(kMonth, retention / 10);
  return std::max(min_range, wanted);
}

std::vector<std::string> PlanCompaction(std::vector<BlockMeta> blocks, const std::vector<DurationMs>& ranges) {
  if (blocks.empty() || ranges.empty()) return {};
  std::sort(blocks.begin(), blocks.end(), [](const BlockMeta& a, const BlockMeta& b) {
    return std::tie(a.mint, a.maxt, a.ulid) < std::tie(b.mint, b.maxt, b.ulid);
  });
  std::vector<BlockMeta> sound;
  std::copy_if(blocks.begin(), blocks.end(), std::back_inserter(sound), [](const BlockMeta& b) { return !b.failed; });
  if (std::vector<std::string> overlapping = Overlapping(sound); !overlapping.empty()) return overlapping;
  const Metas settled = Metas(blocks).first(blocks.size() - 1);
  if (std::vector<std::string> level = SelectLevel(settled, ranges); !level.empty()) return level;
  return SelectRewrite(settled, ranges);
}

std::vector<std::string> PlanCompaction(const BlockSet& set, const std::vector<DurationMs>& ranges) {
  std::vector<BlockMeta> metas;
  for (const std::shared_ptr<Block>& block : *set.blocks()) metas.push_back(block->CurrentMeta());
  return PlanCompaction(std::move(metas), ranges);
}

BlockMeta MergeMetas(const std::vector<BlockMeta>& parents) {
  BlockMeta out;
  out.mint = INT64_MAX;
  out.maxt = INT64_MIN;
  out.level = 0;
  std::set<std::string> sources;
  for (const BlockMeta& parent : parents) {
    out.mint = std::min(out.mint, parent.mint);
    out.maxt = std::max(out.maxt, parent.maxt);
    out.level = std::max(out.level, parent.level);
    sources.insert(parent.sources.begin(), parent.sources.end());
    out.parents.push_back({parent.ulid, parent.mint, parent.maxt});
  }
  ++out.level;
  out.sources.assign(sources.begin(), sources.end());
  return out;
}

Result<std::string> RunCompaction(BlockSet& set, const std::vector<std::string>& ulids, BlockWriteOptions write) {
  BlockSet::Rewrite rewrite(set);
  CACHESCOPE_ASSIGN_OR_RETURN(const BlockSet::List parents, FindParents(set, ulids));
  std::vector<BlockMeta> metas;
  for (const std::shared_ptr<Block>& parent : parents) metas.push_back(parent->CurrentMeta());
  BlockMeta merged = MergeMetas(metas);
  write.mint = merged.mint;
  write.maxt = merged.maxt;
  write.level = merged.level;
  write.sources = std::move(merged.sources);
  write.parents = std::move(merged.parents);
  write.before_rename = [&](const std::string& directory) { return rewrite.CatchUp(directory); };
  Result<std::optional<BlockMeta>> written = WriteMerged(set, parents, write);
  if (!written.ok()) return WriteFailed(parents, written.status());
  const std::string child = written->has_value() ? (*written)->ulid : "";
  const Status swapped = set.Replace(ulids, child);
  if (swapped.ok()) return child;
  // The parents are still served; a second child of theirs must not come beside this one.
  const Status dropped = RenameForDeletion(set.env(), set.directory(), child);
  if (!dropped.ok()) LogWarn("cannot remove a block that cannot be opened", {{"error", dropped.ToString()}});
  return swapped;
}

Result<std::size_t> CleanTombstones(BlockSet& set, const BlockWriteOptions& write) {
  std::size_t cleaned = 0;
  const std::shared_ptr<const BlockSet::List> list = set.blocks();
  for (const std::shared_ptr<Block>& block : *list) {
    if (block->CurrentMeta().tombstones == 0) continue;
    const Result<std::string> child = RunCompaction(set, {block->meta().ulid}, write);
    if (child.status().code() == Code::kNotFound) continue;  // compacted or expired meanwhile
    if (!child.ok()) return child.status();
    ++cleaned;
  }
  return cleaned;
}

}  // namespace cachescope::tsdb
