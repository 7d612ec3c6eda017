// Head chunk files: chunks of the head that upstream writes to `chunks_head` once they are full, so that it need not
// keep them in memory. Numbered files of at most 128 MiB; a chunk stands with its series reference and its times, as
// there is no index. Our own head does not write them; they are read where another program's directory is taken over.
//
// Format: docs/format/head_chunks.md, from
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/head_chunks.md and files a real server wrote.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/storage/tsdb/chunk.h"
#include "server/storage/tsdb/postings.h"

namespace cachescope::tsdb {

inline constexpr const char* kHeadChunkDirectory = "chunks_head";
inline constexpr std::uint32_t kHeadChunkMagic = 0x0130bc91;
inline constexpr std::uint8_t kHeadChunkVersion = 1;
inline constexpr std::size_t kHeadChunkHeaderBytes = 8;
inline constexpr std::uint64_t kMaxHeadChunkFileBytes = 128ull << 20;
// Files begin with this size, filled with zeros.
inline constexpr std::uint64_t kHeadChunkFilePreallocated = 128ull << 10;
// Of the encoding byte: the samples came later than others of their series.
inline constexpr std::uint8_t kHeadChunkOutOfOrder = 0x80;

struct HeadChunk {
  SeriesRef series = 0;
  TimestampMs mint = 0;  // inclusive, as maxt
  TimestampMs maxt = 0;
  bool out_of_order = false;
  ChunkView chunk;
  std::uint64_t ref = 0;  // file number in the high half, byte position in the low one
};

struct HeadChunkDamage {
  std::string path;
  std::uint64_t position = 0;
  std::string cause;
};

// Reads every chunk once, file after file. Not thread-safe.
class HeadChunkReader {
 public:
  // Maps the files. A missing directory has none. Errors: the Env's.
  static Result<std::unique_ptr<HeadChunkReader>> Open(Env& env, const std::string& directory);
  // False behind the last chunk. Damage ends a file and is noted; reading goes on in the next one. Views live as long
  // as the reader. Checks the checksum, not that the chunk decodes.
  bool Next(HeadChunk* out);
  const std::vector<HeadChunkDamage>& damage() const noexcept { return damage_; }
  std::uint64_t size_bytes() const noexcept;

 private:
  struct File {
    std::string path;
    std::uint64_t number = 0;
    std::unique_ptr<MappedFile> mapped;
  };
  // Null: `out` is the next chunk. Otherwise what is wrong; "" at the end.
  const char* ReadChunk(const File& file, HeadChunk* out);

  std::vector<File> files_;
  std::size_t at_file_ = 0;
  std::size_t position_ = 0;  // in that file; 0: its header was not looked at
  std::vector<HeadChunkDamage> damage_;
};

// Writes such files, byte for byte as upstream does. Not thread-safe.
class HeadChunkWriter {
 public:
  // `directory` is made; the first file has the number `first_file`. A new one begins when the next chunk could pass
  // `max_file_bytes`.
  static Result<std::unique_ptr<HeadChunkWriter>> Create(Env& env, const std::string& directory,
                                                         std::uint32_t first_file = 1,
                                                         std::uint64_t max_file_bytes = kMaxHeadChunkFileBytes);
  // Returns the reference; `chunk.ref` is not looked at. REQUIRES: chunk.mint <= chunk.maxt.
  Result<std::uint64_t> Add(const HeadChunk& chunk);
  // Syncs the last file and the directory.
  Status Finish();

 private:
  HeadChunkWriter(Env& env, std::string directory, std::uint32_t first_file, std::uint64_t max_file_bytes)
      : env_(env), directory_(std::move(directory)), max_file_bytes_(max_file_bytes), next_file_(first_file) {}
  Status EndFile();
  Status NextFile();
  Status Flush();

  Env& env_;
  const std::string directory_;
  const std::uint64_t max_file_bytes_;
  std::uint32_t next_file_;
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
};

}  // namespace cachescope::tsdb
