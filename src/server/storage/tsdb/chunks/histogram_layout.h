// The layout at the head of a histogram chunk, and the XOR code of a float in it. Internal to the histogram chunks.
#pragma once

#include <cmath>
#include <vector>

#include "model/histogram.h"
#include "server/storage/tsdb/chunk.h"
#include "server/storage/tsdb/chunks/bit_stream.h"

namespace cachescope::tsdb {

// Two bits in the flags byte behind the sample count.
enum class ResetHeader : std::uint8_t { kUnknown = 0x00, kNotReset = 0x40, kReset = 0x80, kGauge = 0xc0 };
inline constexpr std::uint8_t kResetHeaderMask = 0xc0;
inline constexpr std::size_t kHistogramChunkHeaderBytes = 3;

// The chunks with start times keep these bits above the sample count instead, and the header of the start times
// (start_times.h) where the flags stand in the others.
inline constexpr std::size_t kSharedHeaderCount = 0x3fff;
inline bool HasSharedHeader(ChunkEncoding encoding) noexcept {
  return encoding == ChunkEncoding::kHistogramStarts || encoding == ChunkEncoding::kFloatHistogramStarts;
}

// The value XORed with the one before it, as in the XOR chunk: its own window of meaningful bits per column.
struct XorColumn {
  static constexpr unsigned kNoWindow = 255;
  double value = 0;
  unsigned leading = kNoWindow;
  unsigned trailing = 0;

  void Write(BitOutput* out, double next);
  // False for a window that is none.
  bool Read(BitInput* in);
};

void WriteLayout(const FloatHistogram& h, BitOutput* out);
// Fills schema, threshold, spans and custom bounds. False when it does not decode or asks for more buckets than bits.
bool ReadLayout(BitInput* in, FloatHistogram* h);
bool SameLayout(const FloatHistogram& a, const FloatHistogram& b);

}  // namespace cachescope::tsdb
