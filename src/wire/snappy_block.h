// Snappy's block format, which remote write and remote read use for their bodies. Pure and thread-safe.
//
// Format: a varint with the decoded length, then literals and copies; no framing, no checksum.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cachescope::wire {

// Replaces `out` with the decoded bytes. The length the block declares is held against `max_bytes` before anything is
// allocated. kLimitExceeded: it declares more. kCorruption: not a snappy block.
Status DecodeSnappy(std::string_view block, std::size_t max_bytes, std::string* out);

// Replaces `out` with the block. About 1 ns for two bytes of protobuf.
void EncodeSnappy(std::string_view bytes, std::string* out);

}  // namespace cachescope::wire
