// The XOR float chunk: samples of one series as a bit stream, byte for byte what Prometheus writes.
//
// Format: docs/format/chunk_xor.md. The writer is a small state beside a caller-owned buffer, so that a series can keep
// both inline; XorWriter wraps them for everybody else. Functions are pure; distinct states and buffers may be used
// concurrently.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "model/sample.h"
#include "server/storage/querier.h"

namespace cachescope::tsdb {

// The sample count at the head of a chunk: two bytes, big endian.
inline constexpr std::size_t kXorHeaderBytes = 2;
// Most samples one chunk can count.
inline constexpr std::size_t kXorMaxSamples = 65535;
// Most bytes one AppendXor adds: 4 + 64 bits of time, 2 + 5 + 6 + 64 bits of value, rounded up with one bit of slack;
// also covers the first sample (10 bytes of varint, 8 of value) and the second (10 bytes of varint, 77 bits of value).
inline constexpr std::size_t kXorMaxSampleBytes = 21;

// What the encoder must remember between two samples. Value-initialised for an empty chunk.
struct XorState {
  TimestampMs t = 0;             // newest sample
  std::uint64_t value_bits = 0;  // newest sample
  std::uint64_t delta = 0;       // between the newest two timestamps, modulo 2^64
  std::uint8_t free_bits = 0;    // unused low bits of the last byte
  std::uint8_t leading = kNoWindow;
  std::uint8_t trailing = 0;
  static constexpr std::uint8_t kNoWindow = 255;
};

// Writes the header of an empty chunk (kXorHeaderBytes bytes at `data`) and returns its size.
std::size_t StartXor(std::uint8_t* data, XorState* state) noexcept;

// Appends one sample to the chunk of `size` bytes at `data` and returns its new size. About 5 ns.
// REQUIRES: kXorMaxSampleBytes writable bytes behind `size`; t greater than the newest timestamp; fewer than
// kXorMaxSamples.
std::size_t AppendXor(std::uint8_t* data, std::size_t size, XorState* state, TimestampMs t,
                      std::uint64_t value_bits) noexcept;

// Samples the header promises; 0 when there is no whole header.
inline std::size_t XorSampleCount(std::span<const std::uint8_t> chunk) noexcept {
  return chunk.size() < kXorHeaderBytes ? 0 : static_cast<std::size_t>(chunk[0] << 8 | chunk[1]);
}

// Appends the samples with mint <= t <= maxt to the float columns of `out`, and stops behind maxt without looking at
// the rest. kCorruption when bytes are missing, a bit field is impossible or timestamps do not ascend; the samples
// before the damage are in `out`. Bytes behind the last sample are ignored. Linear in the samples; never reads outside
// `chunk`.
Status DecodeXor(std::span<const std::uint8_t> chunk, storage::SampleColumns* out, TimestampMs mint, TimestampMs maxt);

// A chunk that owns its bytes. Not thread-safe.
class XorWriter {
 public:
  XorWriter() : bytes_(kXorHeaderBytes) { StartXor(bytes_.data(), &state_); }
  // As AppendXor; false when the chunk is full or t does not ascend.
  bool Append(TimestampMs t, double v);
  std::size_t sample_count() const noexcept { return XorSampleCount(bytes_); }
  std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  XorState state_;
};

}  // namespace cachescope::tsdb
