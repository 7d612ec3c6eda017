// BlockMeta: what meta.json of a block says.
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/README.md and the files themselves
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "model/sample.h"

namespace cachescope::tsdb {

// What `BlockMeta::encoding` says of a block with packed chunks.
inline constexpr const char* kPackedEncoding = "packed";

struct BlockParent {
  std::string ulid;
  TimestampMs mint = 0;
  TimestampMs maxt = 0;
};

struct BlockMeta {
  std::string ulid;
  // [mint, maxt): the end is exclusive.
  TimestampMs mint = 0;
  TimestampMs maxt = 0;
  std::uint64_t samples = 0;
  std::uint64_t float_samples = 0;
  std::uint64_t histogram_samples = 0;
  std::uint64_t series = 0;
  std::uint64_t chunks = 0;
  std::uint64_t tombstones = 0;
  int level = 1;                     // how often its samples were compacted, the cut from the head included
  bool deletable = false;            // compaction left nothing in it
  bool failed = false;               // compaction of it failed; it is left alone
  std::vector<std::string> sources;  // level 1 blocks it descends from
  std::vector<BlockParent> parents;  // blocks it was made of
  std::vector<std::string> hints;    // for example "from-out-of-order"
  std::string encoding;              // "packed" when a chunk is in our encoding; empty: any Prometheus reads it
  bool relative = false;             // and one of them is relative to another; the file says "packed_relative"
};

// Errors name the path: kNotFound, kCorruption (no JSON, wrong types, an impossible range), kInvalidArgument (written
// by a newer version than we know).
Result<BlockMeta> ReadBlockMeta(Env& env, const std::string& block_directory);
// Replaces the file whole.
Status WriteBlockMeta(Env& env, const std::string& block_directory, const BlockMeta& meta);

}  // namespace cachescope::tsdb
