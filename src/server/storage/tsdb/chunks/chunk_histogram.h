// The native histogram chunks: one layout of buckets and the samples that share it, as differences of differences
// (integer counts) or XOR of floats (float counts), byte for byte what Prometheus writes and reads.
//
// Format: docs/format/chunk_histogram.md, from
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md and chunks a real server wrote.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "model/histogram.h"
#include "server/storage/querier.h"
#include "server/storage/tsdb/chunk.h"

namespace cachescope::tsdb {

// Appends the samples with mint <= t <= maxt to the histograms of `out`. kCorruption when bytes do not decode; what
// stood before the damage is in `out`. Linear; allocates one histogram per sample.
Status DecodeHistogramChunk(const ChunkView& chunk, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out);

// Builds one chunk. Not thread-safe.
class HistogramChunkWriter {
 public:
  HistogramChunkWriter();
  ~HistogramChunkWriter();

  // False when the sample needs a new chunk: another layout, float counts behind integer ones, a counter that was
  // reset, a gauge behind a counter, a staleness marker behind nothing of its kind, or the chunk is full. REQUIRES: t
  // greater than the last one.
  bool Append(TimestampMs t, const FloatHistogram& histogram);
  std::size_t sample_count() const noexcept;
  // Valid until the next Append.
  ChunkView chunk() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cachescope::tsdb
