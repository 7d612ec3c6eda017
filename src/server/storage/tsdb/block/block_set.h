// BlockSet is the list of blocks of one data directory: opened at the start, changed by compaction, retention and the
// head, read by every query.
//
// Opening. What an interrupted run left (`*.tmp*`) is removed, also blocks whose child is there and those marked
// deletable. A damaged block is moved to `quarantine/<ulid>` beside `<ulid>.reason`, one warning line each, and the
// start goes on; one that a newer version wrote, or that cannot be read because of the machine (kIoError), stays where
// it is, is not served, and has its warning line too.
//
// Threads. All methods are thread-safe. blocks() is a pointer copy. A block leaves disk by a rename to
// `<ulid>.tmp-for-deletion` and then its removal; readers that still hold it keep its mapping.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/storage/tsdb/block/block_list.h"
#include "server/storage/tsdb/block/block_set_stats.h"
#include "server/storage/tsdb/block/missing_blocks.h"

namespace cachescope::tsdb {

class BlockSet {
 public:
  using List = BlockList;
  using Snapshot = BlockListSnapshot;

  // `directory` is made if it is not there. `read_only`: nothing on disk changes, now or at Reload; what would be
  // removed or set aside is not served. Errors are the Env's about the directory itself; a block never fails it.
  static Result<std::unique_ptr<BlockSet>> Open(Env& env, std::string directory, bool read_only = false);
  BlockSet(const BlockSet&) = delete;
  BlockSet& operator=(const BlockSet&) = delete;

  Env& env() const noexcept { return env_; }
  const std::string& directory() const noexcept { return directory_; }
  // Sorted by mint, then maxt, then ULID.
  Snapshot blocks() const;
  // Of the last look through the directory.
  std::vector<AbsentBlock> absent() const;
  // What an answer over [mint, maxt] is to be accompanied by: blocks of these times that are in quarantine or not
  // served (missing_blocks.h). As of the last look, without those that were taken away since.
  std::vector<std::string> WarningsFor(TimestampMs mint, TimestampMs maxt) const;
  BlockSetStats stats() const;

  // Looks through the directory again: takes in what came, drops what went.
  Status Reload();
  // Takes in `directory/<ulid>`. A damaged one is the error and is left where it is.
  Status Add(const std::string& ulid);
  // Takes in `child` (empty: none) and drops `parents` in one step for readers, then deletes the parents. When deletion
  // fails, or a crash comes first, the next start deletes them.
  Status Replace(const std::vector<std::string>& parents, const std::string& child);
  // Drops the block from the list and from disk. kNotFound.
  Status Remove(const std::string& ulid);

  // Deletes the samples of matching series in [mint, maxt] through tombstones of every block that overlaps; returns how
  // many series of blocks it touched. Durable on return. Also in blocks being compacted meanwhile: see Rewrite.
  Result<std::size_t> DeleteSeries(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers);

  // Makes deletes that come while blocks are rewritten reach the new block: lives from before the parents are read
  // until Replace is done.
  class Rewrite {
   public:
    explicit Rewrite(BlockSet& set);
    ~Rewrite();
    Rewrite(const Rewrite&) = delete;
    Rewrite& operator=(const Rewrite&) = delete;
    // Repeats the deletes since the beginning on the block in `directory` and holds up others until the end.
    Status CatchUp(const std::string& directory);
    // Ends it before its time.
    void Release();

   private:
    BlockSet& set_;
    bool released_ = false;
    std::size_t seen_ = 0;
    std::unique_lock<std::mutex> lock_;
  };

  // While it lives no block's directory goes away.
  std::shared_lock<std::shared_mutex> PinDirectories() { return std::shared_lock(directories_mu_); }

 private:
  struct Deletion {
    TimestampMs mint;
    TimestampMs maxt;
    std::vector<Matcher> matchers;
  };

  BlockSet(Env& env, std::string directory, bool read_only)
      : env_(env), directory_(std::move(directory)), read_only_(read_only) {}
  std::string PathOf(const std::string& name) const { return JoinPath(directory_, name); }
  Status LookThrough(bool at_start);
  Status DeleteDirectory(const std::string& ulid);
  void Publish(List blocks);

  Env& env_;
  const std::string directory_;
  const bool read_only_;
  // Order: delete_mu_, change_mu_, directories_mu_, mu_.
  std::mutex change_mu_;              // one change of the list at a time
  std::mutex delete_mu_;              // deletes, and rewrites that catch up
  std::vector<Deletion> deletions_;   // guarded by delete_mu_; kept while there are rewrites
  std::size_t rewrites_ = 0;          // guarded by delete_mu_
  std::shared_mutex directories_mu_;  // exclusive: a directory is renamed away
  mutable std::mutex mu_;
  // Guarded by mu_.
  std::shared_ptr<const List> blocks_ = std::make_shared<const List>();
  std::vector<AbsentBlock> absent_;
  std::shared_ptr<const std::vector<MissingBlock>> missing_;  // null: none
  BlockSetStats stats_;
};

}  // namespace cachescope::tsdb
