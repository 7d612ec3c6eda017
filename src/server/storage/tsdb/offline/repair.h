// Repair takes the damage out of a data directory that nobody serves: log segments are written anew without what does
// not read, damaged blocks without what is lost, and blocks in quarantine that read after all come back. Originals
// stay: segments in quarantine/, blocks in repaired/. Safe against a crash at every step; run again, it goes on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/storage/tsdb/offline/damage.h"

namespace cachescope::tsdb {

inline constexpr const char* kRepaired = "repaired";

struct RepairAction {
  // "rewrite_segment", "salvage_block", "return_block", "put_away_block" (a newer one has its samples),
  // "put_away_snapshot" (of the head), "set_aside_block" (nothing in it could be saved), "keep_block" (it stays as it
  // is, `note` says why).
  std::string kind;
  std::string path;           // of the segment or block
  std::string original;       // where the damaged one is kept; empty: it was not moved
  std::string result;         // of a salvaged block: the new one
  std::uint64_t series = 0;   // saved, of blocks
  std::uint64_t samples = 0;  // saved, of blocks
  std::uint64_t records = 0;  // saved, of segments
  std::uint64_t lost_chunks = 0;
  std::vector<Damage> lost;
  std::string note;
};

struct RepairOptions {
  bool dry_run = false;                                // only say what would be done
  std::function<void(const RepairAction&)> report;     // after each
  std::function<void(const std::string&)> looking_at;  // before each block and segment
};

struct RepairReport {
  std::vector<RepairAction> actions;
  bool left_damaged = false;  // something is still damaged: see the actions of kind "set_aside_block", "keep_block"
};

// The caller holds the lock of the directory. Errors: the Env's; what was done until then is done.
Result<RepairReport> RepairDirectory(Env& env, const std::string& directory, const RepairOptions& options);

}  // namespace cachescope::tsdb
