// WriteBlock writes one whole block: directory/<ULID>.tmp-for-creation first, every file and directory synced, then
// renamed to its name. On any error the unfinished directory is removed (BlockSet removes what a crash leaves).
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "server/storage/querier.h"
#include "server/storage/tsdb/block/block_meta.h"
#include "server/storage/tsdb/block/format.h"
#include "server/storage/tsdb/block/series_source.h"
#include "server/storage/tsdb/chunk.h"

namespace cachescope::tsdb {

enum class FloatEncoding : std::uint8_t {
  kXor,     // any Prometheus reads it; start times are not kept
  kPacked,  // ours, half as large; Prometheus cannot read it
};

struct BlockWriteOptions {
  // [mint, maxt) is what goes in, and what meta.json says.
  TimestampMs mint = 0;
  TimestampMs maxt = 0;

  FloatEncoding encoding = FloatEncoding::kXor;
  // XOR chunks hold about this many, histogram chunks about a KiB, spread evenly over `chunk_range` (ms) as Prometheus
  // does; none crosses a multiple of it.
  unsigned samples_per_chunk = 120;
  DurationMs chunk_range = 2 * 60 * 60 * 1000;
  unsigned samples_per_packed_chunk = 480;  // at most; chunks of a series come out equally long
  bool relative_chunks = true;              // packed: of a classic histogram, relative to its +Inf bucket where it pays
  std::uint64_t max_chunk_file_bytes = kMaxChunkFileBytes;

  // meta.json. Empty sources: the block itself (level 1).
  int level = 1;
  std::vector<std::string> sources;
  std::vector<BlockParent> parents;
  std::vector<std::string> hints;

  const Clock* clock = &Clock::System();                              // for the ULID; not owned
  const std::atomic<bool>* cancel = nullptr;                          // true: kCancelled soon; not owned
  std::function<void(std::size_t done, std::size_t total)> progress;  // in series; total is an estimate
  std::function<void()> yield;                                        // between series; may sleep
  // The finished directory before it gets its name; a failure abandons the block.
  std::function<Status(const std::string& directory)> before_rename;
};

// The meta of the block written, or nothing when `source` has no sample in the range. Errors: those of `source` (also a
// damaged chunk, so that compaction never drops what a repair may read), of the Env, kCancelled, kInvalidArgument (an
// empty range, numbers out of range). Holds two series, the references of one
// metric (family_references.h) and the index writer's tables in memory.
Result<std::optional<BlockMeta>> WriteBlock(Env& env, const std::string& directory, SeriesSource& source,
                                            const BlockWriteOptions& options);
Result<std::optional<BlockMeta>> WriteBlock(Env& env, const std::string& directory, storage::Querier& source,
                                            const BlockWriteOptions& options);

}  // namespace cachescope::tsdb
