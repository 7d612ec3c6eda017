// Backfill makes blocks of samples that come in any order, in bounded memory: they are gathered by range of time,
// written out as blocks aside when they take too much, and put together and into the store at the end. Until Finish
// nothing shows in the store.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "model/labels.h"
#include "server/storage/tsdb/block/block_writer.h"
#include "server/storage/tsdb/block/compaction.h"

namespace cachescope::tsdb {

// meta.json of these blocks says so: they are no cut of the head.
inline constexpr const char* kImportedHint = "from-import";

struct BackfillOptions {
  DurationMs block_range = kDefaultBlockRange;  // blocks are aligned to it
  std::uint64_t memory_bytes = 256ull << 20;    // about, for samples and series that wait
  FloatEncoding encoding = FloatEncoding::kPacked;
};

struct BackfillReport {
  std::vector<BlockMeta> blocks;
  std::uint64_t samples = 0;     // stored
  std::uint64_t duplicates = 0;  // of one time; the last one given stays
};

// Not thread-safe.
class Backfill {
 public:
  // `directory` is where blocks live; it is made.
  static Result<std::unique_ptr<Backfill>> Open(Env& env, const std::string& directory, const BackfillOptions& options);
  // Removes what was not finished.
  ~Backfill();

  // Errors: those of writing a block.
  Status Add(const Labels& labels, TimestampMs t, double v);
  // Puts the blocks into the store, durable, one after the other; nothing may be added afterwards. After an error those
  // finished are there; giving everything again makes it whole.
  Result<BackfillReport> Finish();

 private:
  // Samples of one series in one range of time.
  struct Column {
    std::vector<TimestampMs> timestamps;
    std::vector<double> values;
  };
  using Range = absl::flat_hash_map<Labels, Column>;
  class Source;

  Backfill(Env& env, std::string directory, const BackfillOptions& options);
  BlockWriteOptions WriteOptions(TimestampMs begin) const;
  Status Spill();
  Status Merge();

  Env& env_;
  const std::string directory_;
  const std::string staging_;
  const BackfillOptions options_;
  std::map<TimestampMs, Range> ranges_;  // by their begin
  std::uint64_t bytes_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t added_ = 0;
  std::map<TimestampMs, std::vector<std::string>> written_;  // blocks in staging_ by range, oldest first
};

}  // namespace cachescope::tsdb
