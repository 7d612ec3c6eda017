// Decoding with kernels of the caller's choice, for tests and benchmarks.
#pragma once

#include "server/storage/tsdb/packed/kernels.h"
#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb::packed {

// As DecodePackedRelative; `reference` is null for none.
Status Decode(const Kernels& kernels, std::span<const std::uint8_t> chunk, const PackedSamples* reference,
              storage::SampleColumns* out, TimestampMs mint, TimestampMs maxt);

}  // namespace cachescope::tsdb::packed
