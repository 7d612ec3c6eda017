// Reading a chunk of a block by its reference, also one that is relative to another chunk of its file.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "server/storage/tsdb/chunk.h"

namespace cachescope::tsdb {

// Whatever hands out the bytes of chunks by their references.
class ChunkStore {
 public:
  ChunkStore();
  virtual ~ChunkStore() = default;
  ChunkStore(const ChunkStore&) = delete;
  ChunkStore& operator=(const ChunkStore&) = delete;

  // The bytes live as long as the store. kCorruption: nothing stands there that reads.
  virtual Result<ChunkView> Read(std::uint64_t ref) const = 0;
  // No other store of this process has, or had, this number.
  std::uint64_t id() const noexcept { return id_; }

 private:
  const std::uint64_t id_;
};

// Samples that the chunks a thread's last reads were relative to may hold together, decoded: 4 MiB a thread. One family
// over a month at 15 s has 180,000, so that a query over all its buckets decodes each reference once.
inline constexpr std::size_t kKeptReferenceSamples = 256 * 1024;

// DecodeChunk of the chunk at `ref`. Of a relative one the reference is read too, whatever the index or a tombstone
// says about its series; kCorruption when it does not read, with the cause, or when it is no chunk to be relative to.
// Thread-safe where Read of the store is.
Status ReadStoredChunk(const ChunkStore& store, std::uint64_t ref, TimestampMs mint, TimestampMs maxt,
                       storage::SampleColumns* out);

}  // namespace cachescope::tsdb
