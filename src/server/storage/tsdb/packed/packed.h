// The packed chunk: samples of one series by columns of whole numbers. Our own encoding, lossless to the bit, and the
// default of blocks.
//
// Format: docs/format/chunk_packed.md. It keeps floats and their start times; histograms have chunks of their own.
// Measured, bench/store/codec_bench.cc: about 40 % of what XOR chunks take on metrics of caches, written at about 10 ns
// a sample and read at 0.7 to 2.5. Decoding takes up to 200 KiB of stack, and no memory but that of `out`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/sample.h"
#include "server/storage/querier.h"

namespace cachescope::tsdb {

// Most samples one chunk holds.
inline constexpr std::size_t kPackedMaxSamples = 4096;

// Columns of samples somebody else owns. Times ascend; values are as many. `starts` (ms; 0: not known) may be shorter:
// what is missing at its end is not known.
struct PackedSamples {
  std::span<const TimestampMs> timestamps;
  std::span<const double> values;
  std::span<const TimestampMs> starts = {};
};

// Another chunk of the same file that a chunk may be written relative to, decoded whole: of the same target, or better
// of the same family, as `_count` is to a bucket.
struct PackedReference {
  PackedSamples samples;
  // Bytes from where that chunk begins in its file to where the new one will begin; above 0.
  std::uint64_t distance = 0;
};

// Reuses its buffers from chunk to chunk. Not thread-safe; distinct writers may be used concurrently.
class PackedWriter {
 public:
  PackedWriter();
  ~PackedWriter();

  // Replaces `*out` by a chunk of the samples. Linear, about 10 ns a sample. kInvalidArgument: no sample, more than
  // kPackedMaxSamples, columns of different lengths, or times that do not ascend.
  Status Write(const PackedSamples& samples, std::vector<std::uint8_t>* out);

  // The same, but relative to `reference` where that pays and both have the very same times: then the times are left
  // out, and the values may be written as differences. PackedReferenceDistance tells whether it did. The reference must
  // not be relative itself. kInvalidArgument also for a distance of 0.
  Status WriteRelative(const PackedSamples& samples, const PackedReference& reference, std::vector<std::uint8_t>* out);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// Samples the header promises; 0 when there is no whole header, or none this program knows.
std::size_t PackedSampleCount(std::span<const std::uint8_t> chunk) noexcept;

// Of a relative chunk, the bytes from where its reference begins in the file to where it begins; nothing for others.
// kCorruption when the header is cut off, kInvalidArgument as DecodePacked.
Result<std::optional<std::uint64_t>> PackedReferenceDistance(std::span<const std::uint8_t> chunk);

// Appends the samples with mint <= t <= maxt to the float columns of `out`. On an error nothing is appended:
// kCorruption when bytes are missing, impossible or left over or times do not ascend; kInvalidArgument when a newer
// program wrote the chunk, or when it is relative. Linear in the samples of the chunk; reads nothing outside of it.
Status DecodePacked(std::span<const std::uint8_t> chunk, storage::SampleColumns* out, TimestampMs mint,
                    TimestampMs maxt);

// The same for a chunk that may be relative. `reference`: all samples of the chunk it names; kCorruption when it cannot
// be that chunk. REQUIRES: `out` is not what `reference` points into.
Status DecodePackedRelative(std::span<const std::uint8_t> chunk, const PackedSamples& reference,
                            storage::SampleColumns* out, TimestampMs mint, TimestampMs maxt);

}  // namespace cachescope::tsdb
