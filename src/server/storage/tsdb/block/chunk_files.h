// Chunk files: the samples of a block, in numbered segments of at most 512 MiB. A chunk stands as its length, its
// encoding, its bytes and a checksum over the last two.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/storage/tsdb/block/stored_chunk.h"
#include "server/storage/tsdb/chunk.h"

namespace cachescope::tsdb {

// Not thread-safe.
class ChunkFileWriter {
 public:
  // `directory` is made. A new segment begins when the next chunk would pass `max_file_bytes`.
  static Result<std::unique_ptr<ChunkFileWriter>> Create(Env& env, const std::string& directory,
                                                         std::uint64_t max_file_bytes);
  // Returns the chunk's reference.
  Result<std::uint64_t> Add(const ChunkView& chunk);
  // The reference that Add would return for a chunk of so many bytes.
  std::uint64_t NextRef(std::size_t chunk_bytes) const;
  // Syncs the last segment and the directory.
  Status Finish();

 private:
  ChunkFileWriter(Env& env, std::string directory, std::uint64_t max_file_bytes)
      : env_(env), directory_(std::move(directory)), max_file_bytes_(max_file_bytes) {}
  Status NextFile();
  Status Flush(std::size_t keep_below);

  Env& env_;
  const std::string directory_;
  const std::uint64_t max_file_bytes_;
  std::uint32_t files_ = 0;
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
};

// Immutable: thread-safe.
class ChunkFileReader final : public ChunkStore {
 public:
  // Maps every segment. Errors name the file: kCorruption, kInvalidArgument (another version), or the Env's.
  static Result<std::unique_ptr<ChunkFileReader>> Open(Env& env, const std::string& directory);
  // The view lives as long as the reader. kCorruption for a reference outside or a wrong checksum.
  Result<ChunkView> Read(std::uint64_t ref) const override;
  std::uint64_t size_bytes() const noexcept;

 private:
  struct Segment {
    std::string path;
    std::unique_ptr<MappedFile> file;
  };
  std::vector<Segment> segments_;
};

}  // namespace cachescope::tsdb
