#include "server/storage/tsdb/chunk.h"

#include <string>

#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/chunks/chunk_histogram.h"
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
    case ChunkEncoding::kPacked:
      return "packed";
  }
  return "unknown";
}

Status DecodeChunk(const ChunkView& chunk, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) {
  switch (chunk.encoding) {
    case ChunkEncoding::kXor:
      return DecodeXor(chunk.bytes, out, mint, maxt);
    case ChunkEncoding::kHistogram:
    case ChunkEncoding::kFloatHistogram:
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
  return XorSampleCount(chunk.bytes);
}

}  // namespace cachescope::tsdb
