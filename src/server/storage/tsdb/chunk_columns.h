// A closed chunk of the head as two columns of small integers, for series whose values are whole numbers or short
// decimals: counters, sizes, most gauges. Decoded in a quarter of the time of an XOR chunk, and never larger, because
// it is made only where it is smaller. It lives in memory alone.
//
// Layout, little endian: byte 0 is 0x80 | samples >> 8 (an XOR chunk of the head begins with a byte below 0x80), byte 1
// is samples & 255; decimals (1 byte: values are n / 10^decimals); width of time and value entries in bits (1 byte
// each); first time (8); distance of times (4) and smallest deviation from it (4); first n (8), smallest difference of
// neighbouring n (8); the time deviations, then the differences, each minus its smallest, packed without gaps; 8 bytes
// 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "model/sample.h"
#include "server/storage/querier.h"

namespace cachescope::tsdb {

// Most samples such a chunk holds.
inline constexpr std::size_t kColumnsMaxSamples = 0x7fff;

// Whether `chunk`, of the head, is of this kind.
inline bool IsColumns(std::span<const std::uint8_t> chunk) noexcept { return !chunk.empty() && chunk[0] >= 0x80; }

// Encodes the floats of `samples` (at least two, times ascending) into `out`. False when they do not allow it bit for
// bit, or the chunk would take more than `most` bytes. Linear, about 10 ns a sample.
bool EncodeColumns(const storage::SampleColumns& samples, std::size_t most, std::vector<std::uint8_t>* out);

// As DecodeXor. kCorruption when the chunk is shorter than it says.
Status DecodeColumns(std::span<const std::uint8_t> chunk, storage::SampleColumns* out, TimestampMs mint,
                     TimestampMs maxt);

}  // namespace cachescope::tsdb
