#include "server/storage/tsdb/block/block_scan.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/log.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kUlidLength = 26;

bool IsBlockDirectory(const DirectoryEntry& entry) { return entry.is_directory && IsUlid(entry.name); }

// "<ULID>.tmp…", as this program and Prometheus name what is not finished.
bool IsLeftover(const DirectoryEntry& entry, ScanMode mode) {
  if (mode == ScanMode::kReadOnly) return false;
  if (!entry.is_directory || entry.name.size() <= kUlidLength || !IsUlid(entry.name.substr(0, kUlidLength)))
    return false;
  const std::string_view suffix = std::string_view(entry.name).substr(kUlidLength);
  return suffix == kTmpForDeletion || (mode == ScanMode::kStart && suffix.starts_with(".tmp"));
}

class Scanner {
 public:
  Scanner(Env& env, const std::string& directory, const BlockSet::List& old, ScanMode mode)
      : env_(env), directory_(directory), old_(old), mode_(mode) {}

  Result<BlockScan> Run() {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env_.List(directory_));
    for (const DirectoryEntry& entry : entries) {
      if (IsLeftover(entry, mode_)) Remove(entry.name);
    }
    for (const DirectoryEntry& entry : entries) {
      if (IsBlockDirectory(entry)) OpenOne(entry.name);
    }
    DropReplaced();
    for (const auto& [ulid, status] : unfit_) SetAside(ulid, status);
    SortBlocks(&scan_.blocks);
    CountQuarantined();
    return std::move(scan_);
  }

 private:
  void Remove(const std::string& name) {
    const Status status = env_.RemoveAll(JoinPath(directory_, name));
    if (status.ok()) LogInfo("removed an unfinished block", {{"directory", name}});
    if (!status.ok()) LogWarn("cannot remove an unfinished block", {{"error", status.ToString()}});
  }

  void OpenOne(const std::string& ulid) {
    const auto known = std::find_if(old_.begin(), old_.end(),
                                    [&](const std::shared_ptr<Block>& block) { return block->meta().ulid == ulid; });
    if (known != old_.end()) {
      scan_.blocks.push_back(*known);
      return;
    }
    Result<std::shared_ptr<Block>> opened = OpenServed(env_, directory_, ulid);
    if (opened.ok()) {
      scan_.blocks.push_back(std::move(opened).value());
    } else {
      unfit_.emplace(ulid, opened.status());
    }
  }

  // Blocks whose child is here and can be read, and those that hold nothing any more.
  void DropReplaced() {
    std::set<std::string> gone;
    for (const std::shared_ptr<Block>& block : scan_.blocks) {
      if (block->meta().deletable) gone.insert(block->meta().ulid);
      for (const BlockParent& parent : block->meta().parents) {
        if (parent.ulid != block->meta().ulid) gone.insert(parent.ulid);
      }
    }
    for (const std::string& ulid : gone) {
      const bool served =
          std::erase_if(scan_.blocks, [&](const auto& block) { return block->meta().ulid == ulid; }) > 0;
      if (!served && unfit_.erase(ulid) == 0) continue;
      if (mode_ == ScanMode::kReadOnly) continue;
      const Status status = RenameForDeletion(env_, directory_, ulid);
      if (status.ok()) Remove(ulid + kTmpForDeletion);
      if (!status.ok()) LogWarn("cannot remove a compacted block", {{"error", status.ToString()}});
    }
  }

  void SetAside(const std::string& ulid, const Status& status) {
    AbsentBlock absent{ulid, status.ToString(), false};
    const bool damaged = status.code() == Code::kCorruption || status.code() == Code::kNotFound;
    if (damaged && mode_ != ScanMode::kReadOnly) {
      const Status moved = Quarantine(ulid, absent.reason);
      absent.quarantined = moved.ok();
      if (!moved.ok()) absent.reason += "; " + moved.ToString();
    } else if (!damaged && status.code() != Code::kInvalidArgument) {
      scan_.machine_failed = true;
    }
    LogWarn(absent.quarantined ? "a damaged block is in quarantine" : "a block is not served",
            {{"block", ulid}, {"reason", absent.reason}});
    scan_.absent.push_back(std::move(absent));
  }

  Status Quarantine(const std::string& ulid, const std::string& reason) {
    const std::string quarantine = JoinPath(directory_, kQuarantine);
    CACHESCOPE_RETURN_IF_ERROR(env_.MakeDirectories(quarantine));
    std::string name = ulid;
    for (int i = 2; env_.Exists(JoinPath(quarantine, name)); ++i) name = ulid + "." + std::to_string(i);
    CACHESCOPE_RETURN_IF_ERROR(env_.ReplaceFile(JoinPath(quarantine, name + ".reason"), reason + "\n"));
    CACHESCOPE_RETURN_IF_ERROR(env_.Rename(JoinPath(directory_, ulid), JoinPath(quarantine, name)));
    CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(quarantine));
    return env_.SyncDirectory(directory_);
  }

  void CountQuarantined() {
    const auto entries = env_.List(JoinPath(directory_, kQuarantine));
    if (!entries.ok()) return;
    for (const DirectoryEntry& entry : *entries) scan_.quarantined += entry.is_directory ? 1 : 0;
  }

  Env& env_;
  const std::string& directory_;
  const BlockSet::List& old_;
  const ScanMode mode_;
  BlockScan scan_;
  std::map<std::string, Status> unfit_;
};

}  // namespace

Result<BlockScan> ScanBlocks(Env& env, const std::string& directory, const BlockSet::List& old, ScanMode mode) {
  return Scanner(env, directory, old, mode).Run();
}

Result<std::shared_ptr<Block>> OpenServed(Env& env, const std::string& directory, const std::string& ulid) {
  const std::string path = JoinPath(directory, ulid);
  CACHESCOPE_ASSIGN_OR_RETURN(std::shared_ptr<Block> block, Block::Open(env, path));
  const BlockMeta& meta = block->meta();
  const auto refuse = [&](const std::string& why) { return InvalidArgument("cannot use block " + path + ": " + why); };
  if (meta.ulid != ulid) return refuse("its meta.json names the block " + meta.ulid);
  if (!meta.encoding.empty() && meta.encoding != kPackedEncoding)
    return refuse("its chunks have the encoding \"" + meta.encoding + "\", which this program does not know");
  if (meta.chunks > 0 && block->chunks().size_bytes() == 0)
    return Corruption("cannot use block " + path + ": there are no chunk files");
  return block;
}

void SortBlocks(BlockSet::List* blocks) {
  std::sort(blocks->begin(), blocks->end(), [](const auto& a, const auto& b) {
    return std::tie(a->meta().mint, a->meta().maxt, a->meta().ulid) <
           std::tie(b->meta().mint, b->meta().maxt, b->meta().ulid);
  });
}

Status RenameForDeletion(Env& env, const std::string& directory, const std::string& ulid) {
  const std::string doomed = JoinPath(directory, ulid + kTmpForDeletion);
  CACHESCOPE_RETURN_IF_ERROR(env.RemoveAll(doomed));
  CACHESCOPE_RETURN_IF_ERROR(env.Rename(JoinPath(directory, ulid), doomed));
  // Should the name come back after a power cut, the next start finds the same reason to delete it.
  const Status synced = env.SyncDirectory(directory);
  if (!synced.ok()) LogWarn("cannot sync the directory of blocks", {{"error", synced.ToString()}});
  return {};
}

}  // namespace cachescope::tsdb
