#include "server/storage/tsdb/block/block_set.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "server/storage/tsdb/block/block_scan.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

auto NameOf(const std::string& ulid) {
  return [&ulid](const std::shared_ptr<Block>& block) { return block->meta().ulid == ulid; };
}

}  // namespace

Result<std::unique_ptr<BlockSet>> BlockSet::Open(Env& env, std::string directory, bool read_only) {
  if (!read_only) CACHESCOPE_RETURN_IF_ERROR(env.MakeDirectories(directory));
  std::unique_ptr<BlockSet> set(new BlockSet(env, std::move(directory), read_only));
  CACHESCOPE_RETURN_IF_ERROR(set->LookThrough(true));
  return set;
}

Status BlockSet::Reload() { return LookThrough(false); }

Status BlockSet::LookThrough(bool at_start) {
  const std::lock_guard change(change_mu_);
  const std::shared_ptr<const List> old = blocks();
  const ScanMode mode = read_only_ ? ScanMode::kReadOnly : at_start ? ScanMode::kStart : ScanMode::kReload;
  Result<BlockScan> scan = ScanBlocks(env_, directory_, *old, mode);
  std::vector<MissingBlock> missing;
  if (scan.ok()) missing = FindMissingBlocks(env_, directory_, scan->absent);
  const std::lock_guard lock(mu_);
  ++stats_.reloads;
  if (!scan.ok()) {
    ++stats_.reload_failures;
    return scan.status();
  }
  if (scan->machine_failed) ++stats_.reload_failures;
  absent_ = std::move(scan->absent);
  missing_ = missing.empty() ? nullptr : std::make_shared<const std::vector<MissingBlock>>(std::move(missing));
  stats_.quarantined = scan->quarantined;
  blocks_ = std::make_shared<const List>(std::move(scan->blocks));
  return {};
}

BlockSet::Snapshot BlockSet::blocks() const {
  const std::lock_guard lock(mu_);
  return Snapshot(blocks_);
}

std::vector<AbsentBlock> BlockSet::absent() const {
  const std::lock_guard lock(mu_);
  return absent_;
}

std::vector<std::string> BlockSet::WarningsFor(TimestampMs mint, TimestampMs maxt) const {
  std::shared_ptr<const std::vector<MissingBlock>> missing;
  {
    const std::lock_guard lock(mu_);
    missing = missing_;
  }
  return missing == nullptr ? std::vector<std::string>() : WarningsOfMissing(env_, *missing, mint, maxt);
}

BlockSetStats BlockSet::stats() const {
  const std::lock_guard lock(mu_);
  BlockSetStats stats = stats_;
  stats.blocks = blocks_->size();
  for (const std::shared_ptr<Block>& block : *blocks_) {
    stats.bytes += block->size_bytes();
    stats.damaged_reads += block->damage_count();
  }
  for (const AbsentBlock& block : absent_) stats.refused += block.quarantined ? 0 : 1;
  return stats;
}

void BlockSet::Publish(List blocks) {
  SortBlocks(&blocks);
  const std::lock_guard lock(mu_);
  blocks_ = std::make_shared<const List>(std::move(blocks));
}

Status BlockSet::Add(const std::string& ulid) { return Replace({}, ulid); }

Status BlockSet::Replace(const std::vector<std::string>& parents, const std::string& child) {
  const std::lock_guard change(change_mu_);
  List changed = *blocks();
  if (!child.empty()) {
    CACHESCOPE_ASSIGN_OR_RETURN(std::shared_ptr<Block> block, OpenServed(env_, directory_, child));
    std::erase_if(changed, NameOf(child));
    changed.push_back(std::move(block));
  }
  for (const std::string& parent : parents) std::erase_if(changed, NameOf(parent));
  Publish(std::move(changed));
  for (const std::string& parent : parents) {
    const Status status = DeleteDirectory(parent);
    if (!status.ok()) LogWarn("a compacted block stays on disk", {{"block", parent}, {"error", status.ToString()}});
  }
  return {};
}

Status BlockSet::Remove(const std::string& ulid) {
  const std::lock_guard change(change_mu_);
  List changed = *blocks();
  if (std::erase_if(changed, NameOf(ulid)) == 0)
    return NotFound("cannot remove block " + ulid + ": it is not in " + directory_);
  CACHESCOPE_RETURN_IF_ERROR(DeleteDirectory(ulid));
  Publish(std::move(changed));
  return {};
}

Status BlockSet::DeleteDirectory(const std::string& ulid) {
  {
    const std::lock_guard lock(directories_mu_);
    const Status renamed = RenameForDeletion(env_, directory_, ulid);
    if (!renamed.ok()) return env_.Exists(PathOf(ulid)) ? renamed : Status();
  }
  const Status status = env_.RemoveAll(PathOf(ulid + kTmpForDeletion));
  // It is gone for everybody; the rest goes with the next start.
  if (!status.ok()) LogWarn("a deleted block stays on disk", {{"block", ulid}, {"error", status.ToString()}});
  return {};
}

Result<std::size_t> BlockSet::DeleteSeries(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers) {
  const std::lock_guard lock(delete_mu_);
  const std::shared_lock pinned = PinDirectories();
  // First, so that a rewrite under way repeats what may fail halfway here.
  if (rewrites_ > 0) deletions_.push_back({mint, maxt, matchers});
  std::size_t touched = 0;
  const std::shared_ptr<const List> list = blocks();
  for (const std::shared_ptr<Block>& block : *list) {
    if (block->meta().mint > maxt || block->meta().maxt <= mint) continue;
    const Result<std::size_t> deleted = block->Delete(mint, maxt, matchers);
    if (deleted.ok()) touched += *deleted;
    // Retention may have taken it between the list and the pin.
    if (!deleted.ok() && env_.Exists(block->directory())) return deleted.status();
  }
  return touched;
}

BlockSet::Rewrite::Rewrite(BlockSet& set) : set_(set), lock_(set.delete_mu_, std::defer_lock) {
  const std::lock_guard lock(set_.delete_mu_);
  ++set_.rewrites_;
  seen_ = set_.deletions_.size();
}

BlockSet::Rewrite::~Rewrite() { Release(); }

void BlockSet::Rewrite::Release() {
  if (released_) return;
  released_ = true;
  if (!lock_.owns_lock()) lock_.lock();
  if (--set_.rewrites_ == 0) set_.deletions_.clear();
  lock_.unlock();
}

Status BlockSet::Rewrite::CatchUp(const std::string& directory) {
  if (!lock_.owns_lock()) lock_.lock();
  if (seen_ == set_.deletions_.size()) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<Block> block, Block::Open(set_.env_, directory));
  for (; seen_ < set_.deletions_.size(); ++seen_) {
    const Deletion& deletion = set_.deletions_[seen_];
    const Result<std::size_t> deleted = block->Delete(deletion.mint, deletion.maxt, deletion.matchers);
    if (!deleted.ok()) return deleted.status();
  }
  return {};
}

}  // namespace cachescope::tsdb
