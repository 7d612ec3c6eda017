// A chunk: consecutive samples of one series as bytes, in one of several encodings.
//
// The numbers of the encodings stand in chunk files and, where they are upstream's, are upstream's:
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"
#include "model/sample.h"
#include "server/storage/querier.h"

namespace cachescope::tsdb {

enum class ChunkEncoding : std::uint8_t {
  kNone = 0,
  kXor = 1,             // floats; docs/format/chunk_xor.md
  kHistogram = 2,       // native histograms with integer counts
  kFloatHistogram = 3,  // native histograms with float counts
  // Of newer versions of upstream; read only.
  kXor2 = 4,                  // floats with start times; docs/format/chunk_xor2.md
  kHistogramStarts = 5,       // as kHistogram, with start times
  kFloatHistogramStarts = 6,  // as kFloatHistogram, with start times
  kPacked = 0x70,             // floats, ours and the default of blocks; docs/format/chunk_packed.md
};

// "xor", "histogram", …; "unknown" for a number that is none of ours.
std::string_view ChunkEncodingName(ChunkEncoding encoding) noexcept;

// A chunk of a block as the index names it. Times are inclusive.
struct ChunkMeta {
  TimestampMs mint = 0;
  TimestampMs maxt = 0;
  std::uint64_t ref = 0;  // segment number (from 0) in the high half, byte position in the low one
  bool operator==(const ChunkMeta&) const = default;
};

// Bytes somebody else owns.
struct ChunkView {
  ChunkEncoding encoding = ChunkEncoding::kNone;
  std::span<const std::uint8_t> bytes;
};

// Appends the samples with mint <= t <= maxt to the columns of `out`. kCorruption when bytes do not decode, with what
// stood before the damage in `out`; kInvalidArgument for an encoding this program does not know, and for a packed chunk
// that is relative to another one: see DecodePackedRelative. Pure.
Status DecodeChunk(const ChunkView& chunk, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out);

// Samples the chunk's header promises; 0 when there is no whole header.
std::size_t ChunkSampleCount(const ChunkView& chunk) noexcept;

}  // namespace cachescope::tsdb
