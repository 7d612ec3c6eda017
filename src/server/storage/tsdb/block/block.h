// Block: an immutable directory of samples over a range of time: meta.json, index, chunks/, tombstones.
//
// A block is opened by mapping; queries share ownership, so one may be deleted while it is read. Damage met while
// reading is counted and reported, and the rest is answered.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/storage/querier.h"
#include "server/storage/tsdb/block/block_meta.h"
#include "server/storage/tsdb/block/chunk_files.h"
#include "server/storage/tsdb/block/index_reader.h"
#include "server/storage/tsdb/block/tombstones.h"

namespace cachescope::tsdb {

class Block : public std::enable_shared_from_this<Block> {
 public:
  // Errors name the file and the damage: kNotFound, kCorruption, kInvalidArgument (written by a newer version),
  // kIoError.
  static Result<std::shared_ptr<Block>> Open(Env& env, const std::string& directory);

  // As it was when the block was opened.
  const BlockMeta& meta() const noexcept { return meta_; }
  // With what has changed since: tombstones and the mark of a failed compaction.
  BlockMeta CurrentMeta() const;
  const std::string& directory() const noexcept { return directory_; }
  const IndexReader& index() const noexcept { return *index_; }
  const ChunkFileReader& chunks() const noexcept { return *chunks_; }
  // Bytes on disk.
  std::uint64_t size_bytes() const noexcept;
  // Reads that met damage since the block was opened.
  std::uint64_t damage_count() const noexcept { return damage_count_.load(std::memory_order_relaxed); }

  // Times are cut to the block's. The querier, and what it returns, keep the block alive. Thread-safe.
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt);

  // The deleted ranges of a series. Thread-safe.
  std::shared_ptr<const Tombstones> tombstones() const;
  // Deletes [mint, maxt] of the series that match: written to disk, then seen by new queriers. Returns how many series
  // it touched. Thread-safe.
  Result<std::size_t> Delete(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers);

  // Writes to meta.json that compaction of this block failed, so that it is left alone. Thread-safe.
  Status MarkFailed();

  // Reads everything once; all damage found, each named.
  std::vector<Status> Verify() const;

  // Samples of one series within [mint, maxt], tombstones applied. Chunks that cannot be read are left out, counted,
  // and the first one's error is returned.
  Status ReadChunks(SeriesRef ref, const std::vector<ChunkMeta>& chunks, const Tombstones& tombstones, TimestampMs mint,
                    TimestampMs maxt, storage::SampleColumns* out) const;

 private:
  Block(Env& env, std::string directory) : env_(env), directory_(std::move(directory)) {}

  Env& env_;
  const std::string directory_;
  BlockMeta meta_;
  std::unique_ptr<IndexReader> index_;
  std::unique_ptr<ChunkFileReader> chunks_;
  mutable std::atomic<std::uint64_t> damage_count_{0};
  mutable std::mutex mu_;
  // Guarded by mu_.
  std::shared_ptr<const Tombstones> tombstones_;  // replaced, never changed
  bool failed_ = false;
};

}  // namespace cachescope::tsdb
