// ConvertBlocks rewrites the blocks of a store in the other encoding of floats, one at a time; what is deleted in them
// goes for good. A crash at any step loses nothing, and a later run goes on where it ended.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/storage/tsdb/block/block_set.h"
#include "server/storage/tsdb/block/block_writer.h"

namespace cachescope::tsdb {

struct ConvertProgress {
  std::size_t block = 0;  // being converted, from 1
  std::size_t blocks = 0;
  std::string ulid;
  std::size_t series = 0;  // of this block
  std::size_t of_series = 0;
};

struct ConvertReport {
  struct Conversion {
    std::string from;
    std::string to;  // "" when all its samples were deleted
    std::uint64_t bytes_before = 0;
    std::uint64_t bytes_after = 0;
  };
  std::vector<Conversion> converted;
  std::size_t unchanged = 0;     // in the encoding already, or without floats
  std::vector<Status> failures;  // of blocks that stay as they are, for example damaged ones
};

// Whether a block would be left as it is.
bool HasEncoding(const BlockMeta& meta, FloatEncoding encoding) noexcept;

// Of `write` the encoding, sizes of chunks, clock and `cancel` count. Errors: kCancelled, and those of the Env that
// concern the whole store, such as a full disk.
Result<ConvertReport> ConvertBlocks(BlockSet& set, const BlockWriteOptions& write,
                                    const std::function<void(const ConvertProgress&)>& progress);

}  // namespace cachescope::tsdb
