#include "server/storage/tsdb/offline/repair.h"

#include <algorithm>
#include <set>

#include "server/storage/tsdb/block/block_scan.h"
#include "server/storage/tsdb/block/ulid.h"
#include "server/storage/tsdb/db/head_snapshot.h"
#include "server/storage/tsdb/db/replay.h"
#include "server/storage/tsdb/offline/salvage.h"
#include "server/storage/tsdb/offline/verify.h"
#include "server/storage/tsdb/wal/log_writer.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kCopyBytes = 1 << 20;

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// A path that is not taken yet.
std::string FreshPath(Env& env, const std::string& path) {
  std::string out = path;
  for (int i = 2; env.Exists(out); ++i) out = path + "." + std::to_string(i);
  return out;
}

Status CopyFile(Env& env, const std::string& from, const std::string& to) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> source, env.Map(from));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> target, env.Create(to));
  for (auto rest = source->bytes(); !rest.empty(); rest = rest.subspan(std::min(rest.size(), kCopyBytes))) {
    CACHESCOPE_RETURN_IF_ERROR(target->Append(rest.first(std::min(rest.size(), kCopyBytes))));
  }
  return target->Sync();
}

class Repairer {
 public:
  Repairer(Env& env, const std::string& directory, const RepairOptions& options)
      : env_(env),
        directory_(directory),
        options_(options),
        quarantine_(JoinPath(directory, kQuarantine)),
        repaired_(JoinPath(directory, kRepaired)) {}

  Result<RepairReport> Run() {
    for (const char* log : {"wal", "wbl"}) {
      CACHESCOPE_ASSIGN_OR_RETURN(const auto segments, ListSegments(env_, JoinPath(directory_, log)));
      for (const LogSegmentFile& segment : segments) CACHESCOPE_RETURN_IF_ERROR(Segment(segment.path, log));
    }
    CACHESCOPE_RETURN_IF_ERROR(Snapshot());
    // First those: what goes there now has been looked at.
    CACHESCOPE_RETURN_IF_ERROR(QuarantinedBlocks());
    CACHESCOPE_RETURN_IF_ERROR(Blocks());
    return std::move(report_);
  }

 private:
  void LookAt(const std::string& path) {
    if (options_.looking_at) options_.looking_at(path);
  }
  void Done(RepairAction action) {
    report_.left_damaged = report_.left_damaged || action.kind == "set_aside_block" || action.kind == "keep_block";
    if (options_.report) options_.report(action);
    report_.actions.push_back(std::move(action));
  }

  Status Segment(const std::string& path, const std::string& log) {
    LookAt(path);
    RepairAction action;
    VerifyReport found;
    CACHESCOPE_RETURN_IF_ERROR(VerifySegment(env_, path, false, &found, [&](std::string_view) {
      ++action.records;
      return Status();
    }));
    if (found.damage_count == 0) return {};
    action.kind = "rewrite_segment";
    action.path = path;
    action.lost = std::move(found.damages);
    action.original = FreshPath(env_, JoinPath(quarantine_, log + "-" + BaseName(path)));
    if (!options_.dry_run) CACHESCOPE_RETURN_IF_ERROR(RewriteSegment(path, action.original, &action.records));
    Done(std::move(action));
    return {};
  }

  // A start passes over a damaged one and reads the log instead.
  Status Snapshot() {
    const std::string path = JoinPath(directory_, kHeadSnapshot);
    LookAt(path);
    const Status found = VerifyHeadSnapshot(env_, directory_);
    if (found.code() != Code::kCorruption) return found;
    RepairAction action;
    action.kind = "put_away_snapshot";
    action.path = path;
    action.original = FreshPath(env_, JoinPath(quarantine_, kHeadSnapshot));
    action.lost.push_back(DamageOf(path, found));
    action.note = "the next start reads the log instead";
    if (!options_.dry_run) {
      CACHESCOPE_RETURN_IF_ERROR(env_.MakeDirectories(quarantine_));
      CACHESCOPE_RETURN_IF_ERROR(env_.Rename(path, action.original));
      CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(quarantine_));
      CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(directory_));
    }
    Done(std::move(action));
    return {};
  }

  // The copy first, then a whole new segment beside, then its name.
  Status RewriteSegment(const std::string& path, const std::string& copy, std::uint64_t* records) {
    CACHESCOPE_RETURN_IF_ERROR(env_.MakeDirectories(quarantine_));
    CACHESCOPE_RETURN_IF_ERROR(CopyFile(env_, path, copy));
    CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(quarantine_));
    const std::string fresh = JoinPath(directory_, "repair.tmp");
    CACHESCOPE_RETURN_IF_ERROR(env_.RemoveAll(fresh));
    LogOptions log;
    log.segment_bytes = std::uint64_t{1} << 50;  // all of it into one
    std::string written;
    *records = 0;
    {
      CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<LogWriter> writer, LogWriter::Open(env_, fresh, log));
      VerifyReport ignored;
      CACHESCOPE_RETURN_IF_ERROR(VerifySegment(env_, path, false, &ignored, [&](std::string_view record) {
        ++*records;
        return writer->Append(std::span(&record, 1));
      }));
      CACHESCOPE_RETURN_IF_ERROR(writer->Sync());
      written = JoinPath(fresh, SegmentName(writer->segment()));
    }
    CACHESCOPE_RETURN_IF_ERROR(env_.Rename(written, path));
    CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(ParentPath(path)));
    return env_.RemoveAll(fresh);
  }

  Status Blocks() {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env_.List(directory_));
    std::vector<std::pair<std::string, Status>> damaged;
    std::set<std::string> replaced;
    for (const DirectoryEntry& entry : entries) {
      if (!entry.is_directory || !IsUlid(entry.name)) continue;
      const std::string path = JoinPath(directory_, entry.name);
      LookAt(path);
      const auto block = OpenServed(env_, directory_, entry.name);
      if (!block.ok()) {
        damaged.emplace_back(entry.name, block.status());
        continue;
      }
      for (const BlockParent& parent : (*block)->meta().parents) replaced.insert(parent.ulid);
      VerifyReport found;
      VerifyBlock(**block, &found);
      if (found.damage_count > 0) damaged.emplace_back(entry.name, Corruption(found.damages.front().ToString()));
    }
    for (const auto& [ulid, status] : damaged) {
      const std::string path = JoinPath(directory_, ulid);
      // Its child is here: a repair, or a compaction, came to an end just before the old one went.
      if (replaced.contains(ulid)) {
        CACHESCOPE_RETURN_IF_ERROR(PutAway(path, std::string(status.message())));
        continue;
      }
      if (status.code() == Code::kCorruption || status.code() == Code::kNotFound) {
        CACHESCOPE_RETURN_IF_ERROR(Salvage(path, std::string(status.message())));
      } else {
        Keep(path, status);
      }
    }
    return {};
  }

  Status QuarantinedBlocks() {
    if (!env_.Exists(quarantine_)) return {};
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env_.List(quarantine_));
    for (const DirectoryEntry& entry : entries) {
      if (!entry.is_directory || !IsUlid(entry.name.substr(0, 26))) continue;
      const std::string path = JoinPath(quarantine_, entry.name);
      LookAt(path);
      const auto block = Block::Open(env_, path);
      VerifyReport found;
      if (block.ok()) VerifyBlock(**block, &found);
      const bool sound = block.ok() && found.damage_count == 0 && IsUlid((*block)->meta().ulid) &&
                         !env_.Exists(JoinPath(directory_, (*block)->meta().ulid));
      if (sound) {
        CACHESCOPE_RETURN_IF_ERROR(Return(path, (*block)->meta().ulid));
      } else if (block.ok() || block.status().code() == Code::kCorruption || block.status().code() == Code::kNotFound) {
        CACHESCOPE_RETURN_IF_ERROR(Salvage(path, ""));
      } else {
        Keep(path, block.status());
      }
    }
    return {};
  }

  Status Return(const std::string& path, const std::string& ulid) {
    RepairAction action;
    action.kind = "return_block";
    action.path = path;
    action.result = JoinPath(directory_, ulid);
    if (!options_.dry_run) {
      CACHESCOPE_RETURN_IF_ERROR(env_.Rename(path, action.result));
      CACHESCOPE_RETURN_IF_ERROR(env_.RemoveAll(path + ".reason"));
      CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(quarantine_));
      CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(directory_));
    }
    Done(std::move(action));
    return {};
  }

  Status PutAway(const std::string& path, const std::string& reason) {
    RepairAction action;
    action.kind = "put_away_block";
    action.path = path;
    action.original = FreshPath(env_, JoinPath(repaired_, BaseName(path)));
    action.note = "a newer block has its samples";
    if (!options_.dry_run) CACHESCOPE_RETURN_IF_ERROR(Move(path, action.original, reason));
    Done(std::move(action));
    return {};
  }

  void Keep(const std::string& path, const Status& status) {
    RepairAction action;
    action.kind = "keep_block";
    action.path = path;
    action.note = std::string(status.message());
    Done(std::move(action));
  }

  // `reason`: why a block that is not in quarantine yet belongs there.
  Status Salvage(const std::string& path, const std::string& reason) {
    RepairAction action;
    action.kind = "salvage_block";
    action.path = path;
    SalvageCounts counts;
    std::string child;
    auto salvage = BlockSalvage::Open(env_, path);
    Status status = salvage.status();
    if (salvage.ok()) {
      auto saved = options_.dry_run ? (*salvage)->Count() : (*salvage)->Write(directory_, &child);
      if (!saved.ok()) return saved.status();
      counts = std::move(*saved);
      if (counts.samples == 0) status = Corruption("no sample in it reads");
    } else if (status.code() != Code::kCorruption && status.code() != Code::kNotFound) {
      return status;
    }
    salvage = Corruption("done");  // its files are closed before they move
    action.series = counts.series;
    action.samples = counts.samples;
    action.lost_chunks = counts.lost_chunks;
    action.lost = std::move(counts.lost);
    if (counts.deletions_lost) action.note = "its tombstones do not read: samples that had been deleted are back";
    if (!child.empty()) action.result = JoinPath(directory_, child);
    const bool saved = status.ok();
    if (!saved) {
      action.kind = "set_aside_block";
      action.note = std::string(status.message());
    }
    const bool in_quarantine = reason.empty();
    if (saved || !in_quarantine) {
      action.original = FreshPath(env_, JoinPath(saved ? repaired_ : quarantine_, BaseName(path)));
      if (!options_.dry_run) CACHESCOPE_RETURN_IF_ERROR(Move(path, action.original, reason));
    }
    Done(std::move(action));
    return {};
  }

  // With its reason beside it.
  Status Move(const std::string& from, const std::string& to, const std::string& reason) {
    CACHESCOPE_RETURN_IF_ERROR(env_.MakeDirectories(ParentPath(to)));
    if (!reason.empty()) {
      CACHESCOPE_RETURN_IF_ERROR(env_.ReplaceFile(to + ".reason", reason + "\n"));
    } else if (env_.Exists(from + ".reason")) {
      CACHESCOPE_RETURN_IF_ERROR(env_.Rename(from + ".reason", to + ".reason"));
    }
    CACHESCOPE_RETURN_IF_ERROR(env_.Rename(from, to));
    CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(ParentPath(to)));
    return env_.SyncDirectory(ParentPath(from));
  }

  Env& env_;
  const std::string& directory_;
  const RepairOptions& options_;
  const std::string quarantine_;
  const std::string repaired_;
  RepairReport report_;
};

}  // namespace

Result<RepairReport> RepairDirectory(Env& env, const std::string& directory, const RepairOptions& options) {
  return Repairer(env, directory, options).Run();
}

}  // namespace cachescope::tsdb
