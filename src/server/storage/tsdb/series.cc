#include "server/storage/tsdb/series.h"

#include <algorithm>
#include <cassert>

#include "server/storage/tsdb/chunk_columns.h"
#include "server/storage/tsdb/histogram_hint.h"

namespace cachescope::tsdb {
namespace {

// The open chunk grows in small steps: with 100,000 series, doubling would cost more than the samples.
constexpr std::size_t kFirstChunkBytes = 40;
constexpr std::size_t kChunkGrowth = 32;
// A closed chunk is copied to its exact size when that saves at least this much.
constexpr std::size_t kWorthShrinking = 16;

TimestampMs FloorDiv(TimestampMs t, DurationMs by) { return t / by - (t % by < 0 ? 1 : 0); }

bool CrossesRange(TimestampMs first, TimestampMs t, DurationMs range) {
  return range > 0 && FloorDiv(first, range) != FloorDiv(t, range);
}

std::int64_t HistogramBytes(const FloatHistogram& h) {
  return static_cast<std::int64_t>(sizeof(h) + sizeof(storage::HistogramSample) +
                                   (h.positive_spans.size() + h.negative_spans.size()) * sizeof(BucketSpan) +
                                   (h.positive_buckets.size() + h.negative_buckets.size() + h.custom_values.size()) *
                                       sizeof(double));
}

std::int64_t HistogramBytes(const std::vector<storage::HistogramSample>& samples) {
  std::int64_t out = 0;
  for (const storage::HistogramSample& sample : samples) out += HistogramBytes(*sample.h);
  return out;
}

bool Touches(TimestampMs chunk_mint, TimestampMs chunk_maxt, TimestampMs mint, TimestampMs maxt) {
  return chunk_mint <= maxt && chunk_maxt >= mint;
}

// The first chunk that does not end before mint.
template <typename Chunks>
auto FirstNotBefore(const Chunks& chunks, TimestampMs mint) {
  return std::partition_point(chunks.begin(), chunks.end(), [mint](const auto& chunk) { return chunk.maxt < mint; });
}

// An XOR chunk as columns, or null where that saves nothing.
ChunkBytes AsColumns(const ChunkBytes& chunk) {
  thread_local storage::SampleColumns samples;
  thread_local std::vector<std::uint8_t> bytes;
  samples.clear();
  if (!DecodeXor(chunk.bytes(), &samples, kMinTime, kMaxTime).ok()) return {};
  if (!EncodeColumns(samples, chunk.size(), &bytes)) return {};
  ChunkBytes out(bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.data());
  out.set_size(bytes.size());
  return out;
}

}  // namespace

std::int64_t HistogramMemory(const std::vector<storage::HistogramSample>& samples) { return HistogramBytes(samples); }

void SeriesSnapshot::clear() {
  closed.clear();
  open.clear();
  histograms.clear();
  open_histograms.clear();
  starts.clear();
  late.clear();
  deleted = {};
}

NewestSample MemorySeries::newest() const noexcept {
  return {has_newest_, newest_t_, xor_.value_bits, rare_ ? rare_->newest.get() : nullptr};
}

MemorySeries::Rare& MemorySeries::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>();
  return *rare_;
}

void MemorySeries::NoteCommit(const CommitContext& context, TimestampMs t) {
  if (boundary_.seq == context.seq) return;
  if (boundary_.seq > context.oldest_reader_seq) {
    rare().older.push_back(boundary_);
  }
  if (rare_ && !rare_->older.empty()) {
    std::erase_if(rare_->older, [&](const Boundary& b) { return b.seq <= context.oldest_reader_seq; });
  }
  boundary_ = {context.seq, t};
}

void MemorySeries::Append(const CommitContext& context, TimestampMs t, const SampleValue& value, SeriesChange* change) {
  NoteCommit(context, t);
  if (value.start != 0 || (rare_ && !rare_->starts.empty())) NoteStart(t, value.start);
  if (value.histogram != nullptr) {
    AppendHistogram(context, t, *value.histogram, change);
  } else {
    AppendFloat(context, t, value.bits, change);
  }
  newest_t_ = t;
  has_newest_ = true;
}

void MemorySeries::NoteStart(TimestampMs t, TimestampMs start) {
  auto& starts = rare().starts;
  if (starts.empty() ? start != 0 : starts.back().start != start) starts.push_back({t, start});
}

void MemorySeries::TruncateStarts(TimestampMs mint) {
  auto& starts = rare_->starts;
  const auto keep =
      std::partition_point(starts.begin(), starts.end(), [&](const StartMark& m) { return m.from <= mint; });
  // The mark in force at `mint` stays.
  if (keep - starts.begin() > 1) starts.erase(starts.begin(), keep - 1);
}

void MemorySeries::CloseOpenChunk(SeriesChange* change) {
  const std::size_t size = open_.size();
  if (ChunkBytes columns = AsColumns(open_); columns) {
    change->bytes -= static_cast<std::int64_t>(open_.capacity() - columns.capacity());
    open_ = std::move(columns);
  } else if (open_.capacity() - size >= kWorthShrinking) {
    change->bytes -= static_cast<std::int64_t>(open_.capacity() - size);
    open_ = open_.Resized(size);
  }
  closed_.push_back({open_mint_, xor_.t, std::move(open_)});
  open_ = ChunkBytes();
}

void MemorySeries::ReserveSample(SeriesChange* change) {
  if (!open_) {
    open_ = ChunkBytes(kFirstChunkBytes);
    open_.set_size(StartXor(open_.data(), &xor_));
    change->chunks += 1;
    change->bytes += static_cast<std::int64_t>(open_.MemoryBytes());
  } else if (open_.capacity() < open_.size() + kXorMaxSampleBytes) {
    open_ = open_.Resized(open_.capacity() + kChunkGrowth);
    change->bytes += static_cast<std::int64_t>(kChunkGrowth);
  }
}

void MemorySeries::AppendFloat(const CommitContext& context, TimestampMs t, std::uint64_t bits, SeriesChange* change) {
  if (open_ && (XorSampleCount(open_.bytes()) >= context.samples_per_chunk ||
                CrossesRange(open_mint_, t, context.chunk_range))) {
    CloseOpenChunk(change);
  }
  const bool starts = !open_;
  ReserveSample(change);
  if (starts) open_mint_ = t;
  open_.set_size(AppendXor(open_.data(), open_.size(), &xor_, t, bits));
  if (rare_) rare_->newest.reset();
}

void MemorySeries::AppendHistogram(const CommitContext& context, TimestampMs t,
                                   const std::shared_ptr<const FloatHistogram>& h, SeriesChange* change) {
  Rare& rare_part = rare();
  auto& open = rare_part.open;
  if (!open.empty() &&
      (open.size() >= context.samples_per_chunk || CrossesRange(open.front().t, t, context.chunk_range))) {
    const TimestampMs mint = open.front().t;
    const TimestampMs maxt = open.back().t;
    open.shrink_to_fit();
    rare_part.closed.push_back(
        {mint, maxt, std::make_shared<const std::vector<storage::HistogramSample>>(std::move(open))});
    open.clear();
  }
  if (open.empty()) change->chunks += 1;
  std::shared_ptr<const FloatHistogram> stored = h;
  if (const CounterResetHint hint = StoredHint(*h, rare_part.newest.get()); hint != h->reset_hint) {
    auto copy = std::make_shared<FloatHistogram>(*h);
    copy->reset_hint = hint;
    stored = std::move(copy);
  }
  open.push_back({t, stored});
  change->bytes += HistogramBytes(*h);
  rare_part.newest = std::move(stored);
}

bool MemorySeries::AppendLate(const CommitContext& context, TimestampMs t, const SampleValue& value,
                              SeriesChange* change) {
  auto& late = rare().late;
  const auto at = std::partition_point(late.begin(), late.end(), [t](const LateSample& s) { return s.t < t; });
  if (at != late.end() && at->t == t) return false;
  LateSample sample{t, context.seq, value.bits, nullptr};
  change->bytes += sizeof(LateSample);
  if (value.histogram != nullptr) {
    sample.histogram = *value.histogram;
    change->bytes += HistogramBytes(**value.histogram);
  }
  late.insert(at, std::move(sample));
  return true;
}

bool MemorySeries::Delete(TimeRange range) {
  range.maxt = std::min(range.maxt, newest_t_);  // what comes later is not deleted
  if (!has_newest_ || range.mint > range.maxt || !Overlaps(kNoReader, range.mint, range.maxt)) return false;
  rare().deleted.Add(range);
  return true;
}

void MemorySeries::TruncateLate(TimestampMs mint, SeriesChange* change) {
  if (!rare_) return;
  auto& late = rare_->late;
  const auto keep = std::partition_point(late.begin(), late.end(), [mint](const LateSample& s) { return s.t < mint; });
  for (auto it = late.begin(); it != keep; ++it) {
    change->bytes -= static_cast<std::int64_t>(sizeof(LateSample));
    if (it->histogram) change->bytes -= HistogramBytes(*it->histogram);
  }
  late.erase(late.begin(), keep);
  if (late.empty()) late.shrink_to_fit();
}

bool MemorySeries::ClampToVisible(std::uint64_t seq, TimestampMs* maxt) const {
  if (seq >= boundary_.seq) return true;
  TimestampMs hidden_from = boundary_.t;
  if (rare_) {
    for (const Boundary& older : rare_->older) {
      if (older.seq > seq) {
        hidden_from = older.t;
        break;
      }
    }
  }
  if (hidden_from == kMinTime) return false;
  *maxt = std::min(*maxt, hidden_from - 1);
  return true;
}

bool MemorySeries::Overlaps(std::uint64_t seq, TimestampMs mint, TimestampMs maxt) const {
  if (rare_ && !rare_->late.empty() && std::any_of(rare_->late.begin(), rare_->late.end(), [&](const LateSample& s) {
        return s.seq <= seq && s.t >= mint && s.t <= maxt;
      })) {
    return true;
  }
  if (!ClampToVisible(seq, &maxt)) return false;
  if (open_ && Touches(open_mint_, xor_.t, mint, maxt)) return true;
  const auto chunk = FirstNotBefore(closed_, mint);
  if (chunk != closed_.end() && chunk->mint <= maxt) return true;
  if (!rare_) return false;
  if (!rare_->open.empty() && Touches(rare_->open.front().t, rare_->open.back().t, mint, maxt)) return true;
  const auto histograms = FirstNotBefore(rare_->closed, mint);
  return histograms != rare_->closed.end() && histograms->mint <= maxt;
}

bool MemorySeries::NewestFloat(std::uint64_t seq, TimestampMs mint, TimestampMs maxt, NewestSample* out) const {
  const bool only_floats = !rare_ || (!rare_->newest && rare_->closed.empty() && rare_->open.empty() &&
                                      rare_->starts.empty() && rare_->deleted.empty());
  if (!open_ || !only_floats || newest_t_ < mint || !ClampToVisible(seq, &maxt) || newest_t_ > maxt) return false;
  *out = newest();
  return true;
}

void MemorySeries::Snapshot(std::uint64_t seq, TimestampMs mint, TimestampMs maxt, SeriesSnapshot* out) const {
  out->clear();
  out->maxt = maxt;
  if (rare_) {
    out->deleted = rare_->deleted;
    for (const LateSample& sample : rare_->late) {
      if (sample.seq <= seq && sample.t >= mint && sample.t <= maxt) out->late.push_back(sample);
    }
  }
  if (!ClampToVisible(seq, &maxt)) return;
  out->maxt = maxt;
  for (auto it = FirstNotBefore(closed_, mint); it != closed_.end() && it->mint <= maxt; ++it) {
    out->closed.push_back(it->bytes);
  }
  if (open_ && Touches(open_mint_, xor_.t, mint, maxt)) {
    const auto bytes = open_.bytes();
    out->open.assign(bytes.begin(), bytes.end());
  }
  if (!rare_) return;
  out->starts = rare_->starts;
  for (auto it = FirstNotBefore(rare_->closed, mint); it != rare_->closed.end() && it->mint <= maxt; ++it) {
    out->histograms.push_back(it->samples);
  }
  for (const storage::HistogramSample& sample : rare_->open) {
    if (sample.t >= mint && sample.t <= maxt) out->open_histograms.push_back(sample);
  }
}

TimestampMs MemorySeries::OldestTime() const {
  TimestampMs out = kMaxTime;
  if (!closed_.empty()) out = std::min(out, closed_.front().mint);
  if (open_) out = std::min(out, open_mint_);
  if (!rare_) return out;
  if (!rare_->closed.empty()) out = std::min(out, rare_->closed.front().mint);
  if (!rare_->open.empty()) out = std::min(out, rare_->open.front().t);
  if (!rare_->late.empty()) out = std::min(out, rare_->late.front().t);
  return out;
}

bool MemorySeries::Truncate(TimestampMs mint, SeriesChange* change) {
  const auto keep = FirstNotBefore(closed_, mint);
  for (auto it = closed_.cbegin(); it != keep; ++it) {
    change->chunks -= 1;
    change->bytes -= static_cast<std::int64_t>(it->bytes.MemoryBytes());
  }
  closed_.erase(closed_.cbegin(), keep);
  if (open_ && xor_.t < mint) {
    change->chunks -= 1;
    change->bytes -= static_cast<std::int64_t>(open_.MemoryBytes());
    open_ = ChunkBytes();
  }
  if (!rare_) return closed_.empty() && !open_;
  TruncateStarts(mint);
  TruncateLate(mint, change);
  const auto keep_histograms = FirstNotBefore(rare_->closed, mint);
  for (auto it = rare_->closed.cbegin(); it != keep_histograms; ++it) {
    change->chunks -= 1;
    change->bytes -= HistogramBytes(*it->samples);
  }
  rare_->closed.erase(rare_->closed.cbegin(), keep_histograms);
  if (!rare_->open.empty() && rare_->open.back().t < mint) {
    change->chunks -= 1;
    change->bytes -= HistogramBytes(rare_->open);
    rare_->open.clear();
    rare_->open.shrink_to_fit();
  }
  return closed_.empty() && !open_ && rare_->closed.empty() && rare_->open.empty() && rare_->late.empty();
}

}  // namespace cachescope::tsdb
