// The XOR2 float chunk of newer upstream versions: as XOR, but time and value share their first bits, staleness markers
// cost five bits, and samples may have start times. Read only; ours are written packed or as XOR.
//
// Format: docs/format/chunk_xor2.md.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"
#include "model/sample.h"
#include "server/storage/querier.h"

namespace cachescope::tsdb {

// The sample count, two bytes, and the header of the start times.
inline constexpr std::size_t kXor2HeaderBytes = 3;

// As DecodeXor; start times that are known go to `out->starts`. Pure; linear in the samples.
Status DecodeXor2(std::span<const std::uint8_t> chunk, storage::SampleColumns* out, TimestampMs mint, TimestampMs maxt);

}  // namespace cachescope::tsdb
