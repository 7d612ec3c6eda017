// BlockSalvage saves of a damaged block what can be read: chunks by themselves, series whose entry in the index reads,
// and a meta.json made anew when it is gone. What is saved is right to the bit; the rest is named.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/storage/tsdb/block/block_writer.h"
#include "server/storage/tsdb/block/tombstones.h"
#include "server/storage/tsdb/offline/damage.h"
#include "server/storage/tsdb/offline/index_salvage.h"

namespace cachescope::tsdb {

struct SalvageCounts {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
  std::uint64_t lost_chunks = 0;
  std::vector<Damage> lost;     // the first of what is lost
  bool deletions_lost = false;  // the tombstones do not read: deleted samples are there again
};

// Not thread-safe.
class BlockSalvage {
 public:
  // `block_directory` may have any name. kCorruption: nothing can be saved, with the cause; or the Env's.
  static Result<std::unique_ptr<BlockSalvage>> Open(Env& env, std::string block_directory);
  ~BlockSalvage();

  // Reads everything without writing.
  Result<SalvageCounts> Count();
  // Writes what reads as a new block into `directory`, as a child of the damaged one: `*ulid` is its name, "" when no
  // sample is left. Errors: WriteBlock's.
  Result<SalvageCounts> Write(const std::string& directory, std::string* ulid);

 private:
  class Chunks;
  class Source;
  class SavedSeries;
  BlockSalvage(Env& env, std::string block_directory);
  Status Load();

  Env& env_;
  const std::string directory_;
  std::vector<SalvagedSeries> series_;
  Tombstones tombstones_;
  bool deletions_lost_ = false;
  std::unique_ptr<Chunks> chunks_;
  BlockWriteOptions write_;
  SalvageCounts counts_;
};

}  // namespace cachescope::tsdb
