#include "server/storage/tsdb/series_image.h"

#include <algorithm>

#include "server/storage/tsdb/chunk_columns.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

constexpr std::uint8_t kHasNewest = 1;
constexpr std::uint8_t kHasOpen = 2;
constexpr std::uint8_t kHasRare = 4;
constexpr std::uint8_t kNewestIsHistogram = 8;

void PutBytes(std::span<const std::uint8_t> bytes, std::string* out) {
  PutUvarintString(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// With `spare` bytes of room behind; null when it is too long for a chunk or cut off.
ChunkBytes ReadChunk(ByteReader* reader, std::size_t spare) {
  const std::span<const std::uint8_t> bytes = reader->Bytes(reader->Uvarint());
  if (!reader->ok() || bytes.size() + spare > UINT16_MAX) return {};
  ChunkBytes out(bytes.size() + spare);
  std::copy(bytes.begin(), bytes.end(), out.data());
  out.set_size(bytes.size());
  return out;
}

void PutHistogram(TimestampMs t, const std::shared_ptr<const FloatHistogram>& h, std::string* out) {
  const HistogramRecord record{1, t, h};
  std::string bytes;
  EncodeHistograms(std::span(&record, 1), &bytes);
  PutUvarintString(out, bytes);
}

// Null when the bytes are no histogram.
std::shared_ptr<const FloatHistogram> GetHistogram(ByteReader* reader, TimestampMs* t) {
  RecordBatch batch;
  const Status status = DecodeRecord(reader->UvarintString(), &batch);
  if (!status.ok() || batch.histograms.size() != 1) return nullptr;
  *t = batch.histograms.front().t;
  return batch.histograms.front().histogram;
}

void PutSamples(const std::vector<storage::HistogramSample>& samples, std::string* out) {
  PutUvarint(out, samples.size());
  for (const storage::HistogramSample& sample : samples) PutHistogram(sample.t, sample.h, out);
}

bool GetSamples(ByteReader* reader, std::vector<storage::HistogramSample>* out) {
  for (std::uint64_t left = reader->Uvarint(); left > 0; --left) {
    storage::HistogramSample sample;
    sample.h = GetHistogram(reader, &sample.t);
    if (sample.h == nullptr) return false;
    out->push_back(std::move(sample));
  }
  return reader->ok();
}

Status Damaged() { return Corruption("cannot read the image of a series: it is damaged"); }

}  // namespace

void SeriesImage::Write(const MemorySeries& series, std::string* out) {
  const MemorySeries::Rare* rare = series.rare_.get();
  std::uint8_t flags = 0;
  if (series.has_newest_) flags |= kHasNewest;
  if (series.open_) flags |= kHasOpen;
  if (rare != nullptr) flags |= kHasRare;
  if (rare != nullptr && rare->newest != nullptr) flags |= kNewestIsHistogram;
  out->push_back(static_cast<char>(flags));
  PutVarint(out, series.newest_t_);
  const XorState& state = series.xor_;
  PutVarint(out, state.t);
  PutBe64(out, state.value_bits);
  PutUvarint(out, state.delta);
  out->push_back(static_cast<char>(state.free_bits));
  out->push_back(static_cast<char>(state.leading));
  out->push_back(static_cast<char>(state.trailing));
  PutUvarint(out, series.closed_.size());
  for (const MemorySeries::ClosedChunk& chunk : series.closed_) {
    PutVarint(out, chunk.mint);
    PutVarint(out, chunk.maxt);
    PutBytes(chunk.bytes.bytes(), out);
  }
  if (series.open_) {
    PutVarint(out, series.open_mint_);
    PutBytes(series.open_.bytes(), out);
  }
  if (rare != nullptr) WriteRare(*rare, out);
}

void SeriesImage::WriteRare(const MemorySeries::Rare& rare, std::string* out) {
  PutUvarint(out, rare.starts.size());
  for (const StartMark& mark : rare.starts) {
    PutVarint(out, mark.from);
    PutVarint(out, mark.start);
  }
  PutUvarint(out, rare.closed.size());
  for (const MemorySeries::HistogramChunk& chunk : rare.closed) PutSamples(*chunk.samples, out);
  PutSamples(rare.open, out);
  PutUvarint(out, rare.late.size());
  for (const LateSample& sample : rare.late) {
    out->push_back(sample.histogram != nullptr ? 1 : 0);
    PutVarint(out, sample.t);
    PutBe64(out, sample.bits);
    if (sample.histogram != nullptr) PutHistogram(sample.t, sample.histogram, out);
  }
  PutUvarint(out, rare.deleted.ranges().size());
  for (const TimeRange& range : rare.deleted.ranges()) {
    PutVarint(out, range.mint);
    PutVarint(out, range.maxt);
  }
}

Status SeriesImage::Read(ByteReader* reader, MemorySeries* series, SeriesChange* change) {
  const std::uint8_t flags = reader->Byte();
  series->has_newest_ = (flags & kHasNewest) != 0;
  series->newest_t_ = reader->Varint();
  XorState& state = series->xor_;
  state.t = reader->Varint();
  state.value_bits = reader->Be64();
  state.delta = reader->Uvarint();
  state.free_bits = reader->Byte();
  state.leading = reader->Byte();
  state.trailing = reader->Byte();
  if (!reader->ok() || state.free_bits > 7 || (state.leading > 31 && state.leading != XorState::kNoWindow) ||
      state.trailing > 63) {
    return Damaged();
  }
  CACHESCOPE_RETURN_IF_ERROR(ReadChunks(reader, series, change));
  if ((flags & kHasOpen) != 0) {
    series->open_mint_ = reader->Varint();
    series->open_ = ReadChunk(reader, kXorMaxSampleBytes);
    if (!series->open_ || series->open_.size() < kXorHeaderBytes) return Damaged();
    change->chunks += 1;
    change->bytes += static_cast<std::int64_t>(series->open_.MemoryBytes());
  }
  if ((flags & kHasRare) != 0) CACHESCOPE_RETURN_IF_ERROR(ReadRare(reader, series, change));
  if ((flags & kNewestIsHistogram) == 0) return reader->ok() ? Status() : Damaged();
  const auto& open = series->rare().open;
  if (open.empty()) return Damaged();
  series->rare().newest = open.back().h;
  return {};
}

Status SeriesImage::ReadChunks(ByteReader* reader, MemorySeries* series, SeriesChange* change) {
  for (std::uint64_t left = reader->Uvarint(); left > 0; --left) {
    const TimestampMs mint = reader->Varint();
    const TimestampMs maxt = reader->Varint();
    ChunkBytes bytes = ReadChunk(reader, 0);
    if (!bytes || mint > maxt) return Damaged();
    change->chunks += 1;
    change->bytes += static_cast<std::int64_t>(bytes.MemoryBytes());
    series->closed_.push_back({mint, maxt, std::move(bytes)});
  }
  return reader->ok() ? Status() : Damaged();
}

Status SeriesImage::ReadRare(ByteReader* reader, MemorySeries* series, SeriesChange* change) {
  MemorySeries::Rare& rare = series->rare();
  for (std::uint64_t left = reader->Uvarint(); left > 0 && reader->ok(); --left) {
    const TimestampMs from = reader->Varint();
    rare.starts.push_back({from, reader->Varint()});
  }
  for (std::uint64_t left = reader->Uvarint(); left > 0; --left) {
    std::vector<storage::HistogramSample> samples;
    if (!GetSamples(reader, &samples) || samples.empty()) return Damaged();
    change->chunks += 1;
    change->bytes += HistogramMemory(samples);
    const TimestampMs mint = samples.front().t;
    const TimestampMs maxt = samples.back().t;
    rare.closed.push_back(
        {mint, maxt, std::make_shared<const std::vector<storage::HistogramSample>>(std::move(samples))});
  }
  if (!GetSamples(reader, &rare.open)) return Damaged();
  if (!rare.open.empty()) change->chunks += 1;
  change->bytes += HistogramMemory(rare.open);
  for (std::uint64_t left = reader->Uvarint(); left > 0 && reader->ok(); --left) {
    const bool histogram = reader->Byte() != 0;
    LateSample sample;
    sample.t = reader->Varint();
    sample.bits = reader->Be64();
    TimestampMs ignored = 0;
    if (histogram && (sample.histogram = GetHistogram(reader, &ignored)) == nullptr) return Damaged();
    change->bytes += static_cast<std::int64_t>(sizeof(LateSample));
    rare.late.push_back(std::move(sample));
  }
  for (std::uint64_t left = reader->Uvarint(); left > 0 && reader->ok(); --left) {
    const TimestampMs mint = reader->Varint();
    rare.deleted.Add({mint, reader->Varint()});
  }
  return reader->ok() ? Status() : Damaged();
}

bool SeriesImage::HasSampleAt(const MemorySeries& series, TimestampMs t) {
  SeriesSnapshot snapshot;
  series.Snapshot(kNoReader, t, t, &snapshot);
  if (!snapshot.late.empty() || !snapshot.open_histograms.empty()) return true;
  for (const auto& chunk : snapshot.histograms) {
    if (std::any_of(chunk->begin(), chunk->end(), [t](const auto& sample) { return sample.t == t; })) return true;
  }
  storage::SampleColumns columns;
  for (const ChunkBytes& chunk : snapshot.closed) {
    (void)(IsColumns(chunk.bytes()) ? DecodeColumns(chunk.bytes(), &columns, t, t)
                                    : DecodeXor(chunk.bytes(), &columns, t, t));
  }
  if (!snapshot.open.empty()) (void)DecodeXor(snapshot.open, &columns, t, t);
  return !columns.timestamps.empty();
}

}  // namespace cachescope::tsdb
