// HeadChunkLoad gives series the chunks that another program kept of them in `chunks_head` (chunks/head_chunk_files.h),
// so that samples which are there and no longer in its log come back too. What the log repeats is then passed over.
//
// A series takes its chunks when the replay meets its labels, before any of its samples. Not thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <string>
#include <vector>

#include "server/storage/tsdb/chunks/head_chunk_files.h"
#include "server/storage/tsdb/head_loader.h"

namespace cachescope::tsdb {

class HeadChunkLoad {
 public:
  // Reads the files of `directory`/chunks_head; none where there is no such directory. Errors: the Env's.
  static Result<std::unique_ptr<HeadChunkLoad>> Open(Env& env, const std::string& directory);
  bool empty() const noexcept { return chunks_.empty(); }
  bool Has(SeriesRef ref) const { return chunks_.contains(ref); }
  // The references that stand in the files: no new series may take them.
  void ReserveRefs(HeadLoader* loader) const;
  // Appends the chunks kept under `ref` to `series`; those of late samples wait for LoadLate. REQUIRES: nothing else is
  // being appended, for both.
  void Load(SeriesRef ref, MemorySeries* series, HeadLoader* loader, LoadCounts* counts);
  void LoadLate(HeadLoader* loader, LoadCounts* counts);
  // Of chunks that no series took.
  std::uint64_t OrphanedSamples() const;
  // Files that could not be read to their end and chunks that do not decode.
  const std::vector<HeadChunkDamage>& damage() const noexcept { return damage_; }

 private:
  void LoadChunk(const HeadChunk& chunk, MemorySeries* series, HeadLoader* loader, LoadCounts* counts);

  std::string directory_;
  std::unique_ptr<HeadChunkReader> reader_;  // owns what the chunks point to
  absl::flat_hash_map<SeriesRef, std::vector<HeadChunk>> chunks_;
  std::vector<std::pair<MemorySeries*, HeadChunk>> late_;
  std::vector<HeadChunkDamage> damage_;
};

}  // namespace cachescope::tsdb
