#include "server/storage/tsdb/block/chunk_cutter.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/chunks/chunk_histogram.h"
#include "server/storage/tsdb/histogram_hint.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kXorChunkBytes = 1024 - 19;  // one more sample of the largest kind may pass 1024
constexpr std::size_t kHistogramChunkBytes = 1024;
constexpr std::size_t kFewestHistograms = 10;  // where one is larger than a chunk should be

PackedSamples Part(const storage::SampleColumns& columns, std::size_t begin, std::size_t count) {
  PackedSamples out{
      std::span(columns.timestamps).subspan(begin, count), std::span(columns.values).subspan(begin, count), {}};
  const std::span<const TimestampMs> starts(columns.starts);
  if (starts.size() > begin) out.starts = starts.subspan(begin, std::min(count, starts.size() - begin));
  return out;
}

}  // namespace

void EvenCuts::Begin(TimestampMs t) {
  mint_ = t;
  foreseen_ = false;
  // Towards zero and one range on, as there: the end is never before t.
  range_end_ = t / range_ * range_;
  if (__builtin_add_overflow(range_end_, range_, &range_end_)) range_end_ = INT64_MAX;
  end_ = range_end_;
}

void EvenCuts::Foresee(TimestampMs last, double times_full) {
  foreseen_ = true;
  // Chunks like this one that fit into what is left of the range.
  const double left = static_cast<double>(end_ - mint_);
  const double chunks = std::floor(left / (static_cast<double>(last - mint_ + 1) * times_full));
  if (chunks > 1) end_ = static_cast<TimestampMs>(static_cast<double>(mint_) + left / chunks);
}

bool EvenCuts::EndsXor(TimestampMs t, std::size_t count, std::size_t bytes, TimestampMs last) {
  if (bytes > kXorChunkBytes) return true;
  if (count == samples_ / 4) Foresee(last, 4);
  return t >= end_ || count >= static_cast<std::size_t>(samples_) * 2;
}

bool EvenCuts::EndsHistogram(TimestampMs t, std::size_t count, std::size_t bytes, TimestampMs last) {
  if (!foreseen_ && bytes >= kHistogramChunkBytes / 4) {
    Foresee(last, static_cast<double>(kHistogramChunkBytes) / static_cast<double>(bytes));
  }
  const bool full = t >= end_ || bytes >= kHistogramChunkBytes * 2;
  return full && (count >= kFewestHistograms || t >= range_end_);
}

CounterResetHint HintAtCut(const FloatHistogram& h, const FloatHistogram* previous) {
  if (h.reset_hint == CounterResetHint::kGauge || h.reset_hint == CounterResetHint::kReset) return h.reset_hint;
  if (previous == nullptr || previous->reset_hint == CounterResetHint::kGauge || IsStaleMarker(previous->sum)) {
    return CounterResetHint::kUnknown;
  }
  if (StoredHint(h, previous) == CounterResetHint::kNotReset) return CounterResetHint::kNotReset;
  const bool comparable = h.schema == previous->schema && h.zero_threshold == previous->zero_threshold &&
                          h.custom_values == previous->custom_values;
  return comparable ? CounterResetHint::kReset : CounterResetHint::kUnknown;
}

// Runs of floats and of histograms take turns.
Status ChunkCutter::Cut(const storage::SampleColumns& columns, const ChunkSink& sink,
                        const ReferenceSeries* reference) {
  const std::size_t floats = columns.timestamps.size();
  const std::size_t histograms = columns.histograms.size();
  std::size_t f = 0;
  std::size_t h = 0;
  while (f < floats || h < histograms) {
    const std::size_t first_float = f;
    while (f < floats && (h == histograms || columns.timestamps[f] < columns.histograms[h].t)) ++f;
    if (f > first_float) {
      CACHESCOPE_RETURN_IF_ERROR(options_.encoding == FloatEncoding::kXor ? XorFloats(columns, first_float, f, sink)
                                 : reference == nullptr                   ? PackedFloats(columns, first_float, f, sink)
                                                        : RelativeFloats(columns, first_float, f, *reference, sink));
    }
    const std::size_t first_histogram = h;
    while (h < histograms && (f == floats || columns.histograms[h].t < columns.timestamps[f])) ++h;
    if (h > first_histogram) CACHESCOPE_RETURN_IF_ERROR(Histograms(columns, first_histogram, h, sink));
    if (f == first_float && h == first_histogram) return Internal("cannot cut chunks: two samples at one time");
  }
  return {};
}

Status ChunkCutter::XorFloats(const storage::SampleColumns& columns, std::size_t begin, std::size_t end,
                              const ChunkSink& sink) {
  const std::vector<TimestampMs>& t = columns.timestamps;
  while (begin < end) {
    XorWriter writer;
    cuts_.Begin(t[begin]);
    std::size_t i = begin;
    for (; i < end; ++i) {
      if (i > begin && cuts_.EndsXor(t[i], i - begin, writer.bytes().size(), t[i - 1])) break;
      if (!writer.Append(t[i], columns.values[i])) return Internal("cannot encode samples: they do not ascend");
    }
    CACHESCOPE_RETURN_IF_ERROR(sink(t[begin], t[i - 1], {ChunkEncoding::kXor, writer.bytes()}));
    begin = i;
  }
  return {};
}

// As few chunks as the limit allows, of equal length.
Status ChunkCutter::PackedFloats(const storage::SampleColumns& columns, std::size_t begin, std::size_t end,
                                 const ChunkSink& sink) {
  const std::size_t total = end - begin;
  const std::size_t chunks = (total + options_.samples_per_packed_chunk - 1) / options_.samples_per_packed_chunk;
  for (std::size_t c = 0; c < chunks; ++c) {
    const std::size_t from = begin + total * c / chunks;
    const std::size_t count = begin + total * (c + 1) / chunks - from;
    CACHESCOPE_RETURN_IF_ERROR(PackedChunk(Part(columns, from, count), nullptr, nullptr, sink));
  }
  return {};
}

// Where a chunk of the reference has the times that stand here, one chunk; between those as few as the limit allows.
Status ChunkCutter::RelativeFloats(const storage::SampleColumns& columns, std::size_t begin, std::size_t end,
                                   const ReferenceSeries& reference, const ChunkSink& sink) {
  const std::span<const TimestampMs> t = std::span(columns.timestamps).first(end);
  for (const ReferenceChunk& chunk : reference.chunks) {
    const auto wanted = std::span(reference.samples->timestamps).subspan(chunk.begin, chunk.count);
    const auto at = static_cast<std::size_t>(
        std::lower_bound(t.begin() + static_cast<std::ptrdiff_t>(begin), t.end(), wanted.front()) - t.begin());
    if (end - at < chunk.count || !std::equal(wanted.begin(), wanted.end(), t.subspan(at).begin())) continue;
    CACHESCOPE_RETURN_IF_ERROR(PackedFloats(columns, begin, at, sink));
    CACHESCOPE_RETURN_IF_ERROR(PackedChunk(Part(columns, at, chunk.count), &reference, &chunk, sink));
    begin = at + chunk.count;
  }
  return PackedFloats(columns, begin, end, sink);
}

Status ChunkCutter::PackedChunk(const PackedSamples& samples, const ReferenceSeries* series,
                                const ReferenceChunk* reference, const ChunkSink& sink) {
  const std::uint64_t place = reference == nullptr ? 0 : place_(0);
  bool relative = reference != nullptr && place >> 32 == reference->ref >> 32;
  if (relative) {
    const PackedReference to{Part(*series->samples, reference->begin, reference->count), place - reference->ref};
    CACHESCOPE_RETURN_IF_ERROR(packed_.WriteRelative(samples, to, &bytes_));
    // At the end of a file the chunk goes into the next one, where its reference is not.
    relative = place_(bytes_.size()) == place;
  }
  if (!relative) CACHESCOPE_RETURN_IF_ERROR(packed_.Write(samples, &bytes_));
  return sink(samples.timestamps.front(), samples.timestamps.back(), {ChunkEncoding::kPacked, bytes_});
}

Status ChunkCutter::Histograms(const storage::SampleColumns& columns, std::size_t begin, std::size_t end,
                               const ChunkSink& sink) {
  const FloatHistogram* previous = nullptr;
  while (begin < end) {
    HistogramChunkWriter writer;
    const storage::HistogramSample& first = columns.histograms[begin];
    cuts_.Begin(first.t);
    FloatHistogram hinted = *first.h;
    hinted.reset_hint = HintAtCut(*first.h, previous);
    if (!writer.Append(first.t, hinted)) return Internal("cannot encode a histogram in a chunk of its own");
    std::size_t i = begin + 1;
    for (; i < end; ++i) {
      const storage::HistogramSample& sample = columns.histograms[i];
      const std::size_t bytes = writer.chunk().bytes.size();
      if (cuts_.EndsHistogram(sample.t, i - begin, bytes, columns.histograms[i - 1].t)) break;
      if (!writer.Append(sample.t, *sample.h)) break;
    }
    previous = columns.histograms[i - 1].h.get();
    CACHESCOPE_RETURN_IF_ERROR(sink(first.t, columns.histograms[i - 1].t, writer.chunk()));
    begin = i;
  }
  return {};
}

}  // namespace cachescope::tsdb
