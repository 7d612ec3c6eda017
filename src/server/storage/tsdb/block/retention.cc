#include "server/storage/tsdb/block/retention.h"

#include <algorithm>
#include <tuple>

#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

bool Expired(const RetentionBlock& block, const RetentionOptions& options, const RetentionState& state) {
  if (options.time <= 0) return false;
  TimestampMs oldest_kept = 0;
  if (__builtin_sub_overflow(std::min(state.now, state.newest), options.time, &oldest_kept)) return false;
  // What was written down just now, old as it may be, is there for somebody to look at.
  TimestampMs stays_until = 0;
  if (__builtin_add_overflow(block.created, std::min(options.time, kLeastStay), &stays_until)) return false;
  return block.maxt <= oldest_kept && state.now >= stays_until;
}

// Compaction makes no data newer than the blocks it came from.
TimestampMs CutTime(const BlockMeta& meta) {
  TimestampMs out = INT64_MIN;
  for (const std::string& source : meta.sources) {
    if (IsUlid(source)) out = std::max(out, UlidTime(source));
  }
  return out;
}

}  // namespace

RetentionPlan PlanRetention(std::vector<RetentionBlock> blocks, const RetentionOptions& options,
                            const RetentionState& state) {
  std::sort(blocks.begin(), blocks.end(), [](const RetentionBlock& a, const RetentionBlock& b) {
    return std::tie(a.maxt, a.mint, a.ulid) < std::tie(b.maxt, b.mint, b.ulid);
  });
  RetentionPlan plan;
  const auto expired = std::find_if(blocks.begin(), blocks.end(),
                                    [&](const RetentionBlock& block) { return Expired(block, options, state); });
  if (expired != blocks.end()) {
    plan.by_time.push_back(expired->ulid);
    blocks.erase(expired);
  }
  if (options.bytes == 0) return plan;
  std::uint64_t total = state.other_bytes;
  for (const RetentionBlock& block : blocks) total += block.bytes;
  for (auto next = blocks.begin(); next != blocks.end() && total > options.bytes; ++next) {
    total -= next->bytes;
    plan.by_size.push_back(next->ulid);
  }
  return plan;
}

Result<RetentionPlan> ApplyRetention(BlockSet& set, const RetentionOptions& options, const RetentionState& state) {
  std::vector<RetentionBlock> blocks;
  const std::shared_ptr<const BlockSet::List> list = set.blocks();
  for (const std::shared_ptr<Block>& block : *list) {
    const BlockMeta& meta = block->meta();
    blocks.push_back({meta.ulid, meta.mint, meta.maxt, block->size_bytes(), CutTime(meta)});
  }
  RetentionPlan plan = PlanRetention(std::move(blocks), options, state);
  for (const auto* ulids : {&plan.by_time, &plan.by_size}) {
    for (const std::string& ulid : *ulids) {
      const Status removed = set.Remove(ulid);
      if (!removed.ok() && removed.code() != Code::kNotFound) return removed;
    }
  }
  return plan;
}

}  // namespace cachescope::tsdb
