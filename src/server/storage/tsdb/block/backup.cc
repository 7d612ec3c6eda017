#include "server/storage/tsdb/block/backup.h"

#include <algorithm>

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kCopyBytes = 1 << 20;

class Backup {
 public:
  Backup(Env& env, const std::string& destination) : env_(env), destination_(destination) {}
  const BackupReport& report() const { return report_; }

  Status Take(const Block& block) {
    const std::string name = JoinPath(destination_, block.meta().ulid);
    const std::string fresh = name + kTmpForCreation;
    CACHESCOPE_RETURN_IF_ERROR(env_.RemoveAll(fresh));
    Status status = Fill(block.directory(), fresh);
    if (status.ok()) status = env_.Rename(fresh, name);
    if (!status.ok()) {
      // A second failure would say the same; the next backup to this place removes it too.
      (void)env_.RemoveAll(fresh);
      return status;
    }
    ++report_.blocks;
    return env_.SyncDirectory(destination_);
  }

 private:
  Status Fill(const std::string& from, const std::string& to) {
    CACHESCOPE_RETURN_IF_ERROR(env_.MakeDirectories(to));
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env_.List(from));
    for (const DirectoryEntry& entry : entries) {
      const std::string source = JoinPath(from, entry.name);
      const std::string target = JoinPath(to, entry.name);
      if (entry.is_directory) {
        CACHESCOPE_RETURN_IF_ERROR(Fill(source, target));
      } else if (!entry.name.ends_with(".tmp")) {  // a file being replaced at this moment
        CACHESCOPE_RETURN_IF_ERROR(File(source, target));
        report_.bytes += entry.size;
      }
    }
    return env_.SyncDirectory(to);
  }

  Status File(const std::string& from, const std::string& to) {
    const Status linked = env_.HardLink(from, to);
    if (linked.ok()) {
      ++report_.linked_files;
      return linked;
    }
    // Another file system, or one without links.
    if (linked.code() == Code::kNotFound || linked.code() == Code::kLimitExceeded) return linked;
    CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> source, env_.Map(from));
    CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> target, env_.Create(to));
    for (auto rest = source->bytes(); !rest.empty(); rest = rest.subspan(std::min(rest.size(), kCopyBytes))) {
      CACHESCOPE_RETURN_IF_ERROR(target->Append(rest.first(std::min(rest.size(), kCopyBytes))));
    }
    ++report_.copied_files;
    return target->Sync();
  }

  Env& env_;
  const std::string& destination_;
  BackupReport report_;
};

}  // namespace

Result<BackupReport> BackupBlocks(BlockSet& set, const std::string& destination) {
  Env& env = set.env();
  const auto pinned = set.PinDirectories();
  const std::shared_ptr<const BlockSet::List> list = set.blocks();
  CACHESCOPE_RETURN_IF_ERROR(env.MakeDirectories(destination));
  for (const std::shared_ptr<Block>& block : *list) {
    if (env.Exists(JoinPath(destination, block->meta().ulid)))
      return InvalidArgument("cannot back up to " + destination + ": block " + block->meta().ulid + " is there");
  }
  Backup backup(env, destination);
  for (const std::shared_ptr<Block>& block : *list) {
    // Retention may have taken it between the list and the pin.
    if (env.Exists(block->directory())) CACHESCOPE_RETURN_IF_ERROR(backup.Take(*block));
  }
  return backup.report();
}

}  // namespace cachescope::tsdb
