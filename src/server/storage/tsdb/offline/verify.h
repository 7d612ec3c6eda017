// Verify reads every byte of a data directory that answers depend on, and names what does not read: of blocks
// meta.json, the index (checksums, order), chunks, tombstones; of the logs every record; the snapshot of the head.
// Nothing on disk changes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/storage/tsdb/block/block.h"
#include "server/storage/tsdb/offline/damage.h"

namespace cachescope::tsdb {

struct VerifyProgress {
  std::string what;              // the block or segment being read
  std::uint64_t bytes_done = 0;  // of blocks and logs
  std::uint64_t bytes = 0;
};

struct VerifyOptions {
  // Another process writes here: the torn end of a newest segment is a write under way, and a block that goes away
  // meanwhile was compacted or expired.
  bool in_use = false;
  std::function<void(const VerifyProgress&)> report;
};

struct VerifyReport {
  std::uint64_t blocks = 0;
  std::uint64_t series = 0;  // of blocks, each counted by itself
  std::uint64_t chunks = 0;
  std::uint64_t samples = 0;  // in chunks
  std::uint64_t segments = 0;
  std::uint64_t records = 0;
  std::uint64_t unknown_records = 0;  // of types this program passes over
  std::vector<Damage> damages;        // the first kNamedDamages
  std::uint64_t damage_count = 0;
  // What is no damage but worth a line: blocks of a newer version, what an interrupted run left, quarantined blocks.
  std::vector<std::string> notes;

  static constexpr std::size_t kNamedDamages = 1000;
  void Note(Damage damage);
};

// `directory` holds blocks, wal/ and wbl/. Errors are the Env's about the directory itself.
Result<VerifyReport> VerifyDirectory(Env& env, const std::string& directory, const VerifyOptions& options = {});

// Adds what one open block has and what is wrong with it.
void VerifyBlock(const Block& block, VerifyReport* report);

// Ok where there is none, or one of another version. The snapshot is read into memory whole.
Status VerifyHeadSnapshot(Env& env, const std::string& directory);

// Reads a segment of a log to its end and adds what is wrong with it; returns its records as `keep` gets them, when
// that is given: every one that reads and decodes.
Status VerifySegment(Env& env, const std::string& path, bool may_be_torn, VerifyReport* report,
                     const std::function<Status(std::string_view record)>& keep = {});

}  // namespace cachescope::tsdb
