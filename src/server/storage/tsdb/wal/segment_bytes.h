// The bytes of a log segment, in a form that suits who else has the file.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"

namespace cachescope::tsdb {

// kMine: nobody else changes the file; it is mapped. kShared: a daemon may run on the directory, and it cuts segments
// when it starts and after a failed write; a mapped byte that is gone then would end this process, so the file is read
// into memory as it is now, up to kCopiedBytes. Larger ones, which no daemon writes, are mapped all the same.
enum class SegmentUse { kMine, kShared };
inline constexpr std::uint64_t kCopiedBytes = 256 << 20;

// Errors: the Env's.
Result<std::unique_ptr<MappedFile>> SegmentBytes(Env& env, const std::string& path, SegmentUse use);

}  // namespace cachescope::tsdb
