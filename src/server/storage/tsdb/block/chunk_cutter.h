// Where one series' samples are cut into chunks, and their encoding. Internal to WriteBlock.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "server/storage/querier.h"
#include "server/storage/tsdb/block/block_writer.h"
#include "server/storage/tsdb/block/family_references.h"
#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb {

// Says when a chunk is full, as Prometheus' head does (tsdb/head_append.go): at a quarter of the wanted size it
// foresees the end of the chunk so that those of one range of time come out about equally long.
class EvenCuts {
 public:
  EvenCuts(unsigned samples_per_chunk, DurationMs chunk_range) : samples_(samples_per_chunk), range_(chunk_range) {}
  // A chunk begins with a sample at t.
  void Begin(TimestampMs t);
  // Whether the sample at t begins the next chunk. The one before it has `count` samples in `bytes`, the last at
  // `last`. XOR chunks are measured in samples, histogram chunks in bytes.
  bool EndsXor(TimestampMs t, std::size_t count, std::size_t bytes, TimestampMs last);
  bool EndsHistogram(TimestampMs t, std::size_t count, std::size_t bytes, TimestampMs last);

 private:
  // `times_full`: how many times the chunk so far goes into a full one.
  void Foresee(TimestampMs last, double times_full);

  const unsigned samples_;
  const DurationMs range_;
  TimestampMs mint_ = 0;
  TimestampMs range_end_ = 0;
  TimestampMs end_ = 0;
  bool foreseen_ = false;
};

// The hint that a chunk beginning with `h` says in its header; `previous`: the histogram right before it in the series,
// null when there is none. Only what these two prove, or what `h` announces itself.
CounterResetHint HintAtCut(const FloatHistogram& h, const FloatHistogram* previous);

// Receives the chunks of a series in order.
using ChunkSink = std::function<Status(TimestampMs mint, TimestampMs maxt, const ChunkView& chunk)>;
// The reference that the sink would give a chunk of so many bytes if it came next.
using ChunkPlace = std::function<std::uint64_t(std::size_t bytes)>;

// Encodes series after series. Not thread-safe. `options` must outlive it.
class ChunkCutter {
 public:
  // `place` may be empty where no series comes with a reference.
  explicit ChunkCutter(const BlockWriteOptions& options, ChunkPlace place = {})
      : options_(options), place_(std::move(place)), cuts_(options.samples_per_chunk, options.chunk_range) {}
  // Every sample of the columns, floats and histograms in one order of time. Packed chunks are cut where those of
  // `reference` are when they have the same times, and are relative to them where that pays; null: none.
  Status Cut(const storage::SampleColumns& columns, const ChunkSink& sink, const ReferenceSeries* reference = nullptr);

 private:
  Status XorFloats(const storage::SampleColumns& columns, std::size_t begin, std::size_t end, const ChunkSink& sink);
  Status PackedFloats(const storage::SampleColumns& columns, std::size_t begin, std::size_t end, const ChunkSink& sink);
  Status RelativeFloats(const storage::SampleColumns& columns, std::size_t begin, std::size_t end,
                        const ReferenceSeries& reference, const ChunkSink& sink);
  // One chunk at most as long as it may be. `reference`: of the same times; null: none.
  Status PackedChunk(const PackedSamples& samples, const ReferenceSeries* series, const ReferenceChunk* reference,
                     const ChunkSink& sink);
  Status Histograms(const storage::SampleColumns& columns, std::size_t begin, std::size_t end, const ChunkSink& sink);

  const BlockWriteOptions& options_;
  const ChunkPlace place_;
  EvenCuts cuts_;
  PackedWriter packed_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace cachescope::tsdb
