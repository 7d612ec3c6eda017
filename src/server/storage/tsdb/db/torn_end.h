// What is cut off the end of a log segment, kept for people who miss something.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/env.h"

namespace cachescope::tsdb {

// All of them together in one directory. The one just kept stays in any case, its first so many bytes.
inline constexpr std::uint64_t kTornBytes = 64 << 20;

// Writes `bytes`, which stand at `offset` in the segment, to `directory`/quarantine/<log>-<segment>.torn-at-<offset>,
// durable on return, and removes those of the lowest segments beyond `limit` bytes. `log` is "wal" or "wbl", with the
// name of its checkpoint where the segment is part of one. Bytes that are all zero are not worth it: nothing is kept.
// Errors: the Env's; then nothing may be cut.
Status KeepTornEnd(Env& env, const std::string& directory, const std::string& log, const std::string& segment,
                   std::uint64_t offset, std::span<const std::uint8_t> bytes, std::uint64_t limit = kTornBytes);

}  // namespace cachescope::tsdb
