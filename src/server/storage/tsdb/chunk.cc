#include "server/storage/tsdb/chunk.h"

#include <string>

#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/chunk_xor2.h"
#include "server/storage/tsdb/chunks/chunk_histogram.h"
#include "server/storage/tsdb/chunks/histogram_layout.h"
#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb {

std::string_view ChunkEncodingName(ChunkEncoding encoding) noexcept {
  switch (encoding) {
    case ChunkEncoding::kNone:
      return "none";
    case ChunkEncoding::kXor:
      return "xor";
    case ChunkEncoding::kHistogram:
      return "histogram";
    case ChunkEncoding::kFloatHistogram:
      return "float_histogram";
    case ChunkEncoding::kXor2:
      return "xor2";
    case ChunkEncoding::kHistogramStarts:
      return "histogram_starts";
    case ChunkEncoding::kFloatHistogramStarts:
      return "float_histogram_starts";
    case ChunkEncoding::kPacked:
      return "packed";
  }
  return "unknown";
}

Status DecodeChunk(const ChunkView& chunk, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) {
  switch (chunk.encoding) {
    case ChunkEncoding::kXor:
      return DecodeXor(chunk.bytes, out, mint, maxt);
    case ChunkEncoding::kXor2:
      return DecodeXor2(chunk.bytes, out, mint, maxt);
    case ChunkEncoding::kHistogram:
    case ChunkEncoding::kFloatHistogram:
    case ChunkEncoding::kHistogramStarts:
    case ChunkEncoding::kFloatHistogramStarts:
      return DecodeHistogramChunk(chunk, mint, maxt, out);
    case ChunkEncoding::kPacked:
      return DecodePacked(chunk.bytes, out, mint, maxt);
    case ChunkEncoding::kNone:
      break;
  }
  return InvalidArgument("cannot decode chunk: encoding " + std::to_string(static_cast<int>(chunk.encoding)) + " (" +
                         std::string(ChunkEncodingName(chunk.encoding)) + ") is not known to this program");
}

std::size_t ChunkSampleCount(const ChunkView& chunk) noexcept {
  if (chunk.encoding == ChunkEncoding::kPacked) return PackedSampleCount(chunk.bytes);
  // The encodings of upstream begin with the count, two bytes, big endian.
  const std::size_t count = XorSampleCount(chunk.bytes);
  return HasSharedHeader(chunk.encoding) ? count & kSharedHeaderCount : count;
}

}  // namespace cachescope::tsdb
