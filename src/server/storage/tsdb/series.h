// MemorySeries is one series of the head: its labels, its closed chunks, the chunk being appended to, and the few facts
// that let a reader see whole batches only.
//
// Labels and reference are constant; everything else is guarded by `lock()`, which is held for tens of nanoseconds (two
// microseconds by the append that closes a chunk): readers copy references to closed chunks and the bytes of the open
// one, and decode without it.
//
// Visibility. Samples of a series ascend by time and commits happen one after the other, so what a reader of sequence
// number S may see is a prefix in time: a series remembers the first timestamp of its newest commit, and of older
// commits only while a reader is alive that is older than those.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "model/histogram.h"
#include "model/labels.h"
#include "server/storage/querier.h"
#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/block/tombstones.h"
#include "server/storage/tsdb/chunk_bytes.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/postings.h"
#include "server/storage/tsdb/spin_lock.h"

namespace cachescope::tsdb {

// The sequence number that is newer than every commit.
inline constexpr std::uint64_t kNoReader = std::numeric_limits<std::uint64_t>::max();

// How a commit or a truncation changed the sums of the head.
struct SeriesChange {
  std::int64_t chunks = 0;
  std::int64_t bytes = 0;  // of chunks
};

struct CommitContext {
  std::uint64_t seq = 0;                        // of this commit; the first is 1
  std::uint64_t oldest_reader_seq = kNoReader;  // of all readers alive
  unsigned samples_per_chunk = 0;
  DurationMs chunk_range = 0;  // chunks do not cross its multiples; 0: they may
};

// From sample time `from` on the series counts since `start`; 0: not known.
struct StartMark {
  TimestampMs from = 0;
  TimestampMs start = 0;
};

// A sample that came after a newer one of its series.
struct LateSample {
  TimestampMs t = 0;
  std::uint64_t seq = 0;  // of its commit
  std::uint64_t bits = 0;
  std::shared_ptr<const FloatHistogram> histogram;  // null for a float
};

// What Read needs, copied under the lock; reused between calls to save allocations.
struct SeriesSnapshot {
  std::vector<ChunkBytes> closed;
  std::vector<std::uint8_t> open;
  std::vector<std::shared_ptr<const std::vector<storage::HistogramSample>>> histograms;
  std::vector<storage::HistogramSample> open_histograms;
  std::vector<StartMark> starts;  // ascending by time; empty: no start time is known
  std::vector<LateSample> late;   // ascending by time
  RangeSet deleted;
  TimestampMs maxt = 0;  // the asked one, or less where newer samples must not be seen
  void clear();
};

// What histograms take in memory.
std::int64_t HistogramMemory(const std::vector<storage::HistogramSample>& samples);

class MemorySeries {
 public:
  MemorySeries(SeriesRef ref, Labels labels) : labels_(std::move(labels)), ref_(ref) {}

  SeriesRef ref() const noexcept { return ref_; }
  const Labels& labels() const noexcept { return labels_; }
  SpinLock& lock() const noexcept { return lock_; }

  // REQUIRES, for all below: lock() is held.
  NewestSample newest() const noexcept;
  // Samples of one batch must carry the same seq. REQUIRES: Admit(newest(), …) gave kAppend.
  void Append(const CommitContext& context, TimestampMs t, const SampleValue& value, SeriesChange* change);
  // A sample older than newest(). False when there is another late one at its time; one stored in order is not looked
  // for: it wins when samples are read. Linear in the late samples behind it.
  bool AppendLate(const CommitContext& context, TimestampMs t, const SampleValue& value, SeriesChange* change);
  // Hides the samples in the range that are there now. Returns whether there may be any.
  bool Delete(TimeRange range);
  // Whether a chunk with samples visible to a reader at `seq` overlaps [mint, maxt].
  bool Overlaps(std::uint64_t seq, TimestampMs mint, TimestampMs maxt) const;
  void Snapshot(std::uint64_t seq, TimestampMs mint, TimestampMs maxt, SeriesSnapshot* out) const;
  // Whether the newest sample is a visible float in [mint, maxt], and the series has no histograms and no start times.
  bool NewestFloat(std::uint64_t seq, TimestampMs mint, TimestampMs maxt, NewestSample* out) const;
  // Of the oldest sample, visible or not; kMaxTime when there is none.
  TimestampMs OldestTime() const;
  // Drops chunks whose samples are all older than mint. Returns whether no sample is left.
  bool Truncate(TimestampMs mint, SeriesChange* change);
  // Drops late samples older than mint.
  void TruncateLate(TimestampMs mint, SeriesChange* change);

  // Batches: how many samples wait in appenders, which appender owns the index of its newest, and whether the series
  // has left the index (then it must not be appended to).
  std::uint32_t pending_count = 0;
  std::uint32_t pending_owner = 0;  // 0: none
  std::uint32_t pending_index = 0;  // in the owner's batch
  bool removed = false;
  // Where in the log the labels stand (head_log.h); 0: nowhere.
  std::uint32_t labels_mark = 0;

 private:
  friend class SeriesImage;
  struct ClosedChunk {
    TimestampMs mint;
    TimestampMs maxt;
    ChunkBytes bytes;
  };
  struct Boundary {
    std::uint64_t seq;
    TimestampMs t;
  };
  struct HistogramChunk {
    TimestampMs mint;
    TimestampMs maxt;
    std::shared_ptr<const std::vector<storage::HistogramSample>> samples;
  };
  // What most series never need.
  struct Rare {
    std::vector<Boundary> older;    // ascending; before boundary_
    std::vector<StartMark> starts;  // ascending by time
    std::vector<HistogramChunk> closed;
    std::vector<storage::HistogramSample> open;
    std::shared_ptr<const FloatHistogram> newest;  // set while the newest sample is a histogram
    std::vector<LateSample> late;                  // ascending by time, no two at the same
    RangeSet deleted;
  };

  Rare& rare();
  void NoteCommit(const CommitContext& context, TimestampMs t);
  void NoteStart(TimestampMs t, TimestampMs start);
  void TruncateStarts(TimestampMs mint);
  void AppendFloat(const CommitContext& context, TimestampMs t, std::uint64_t bits, SeriesChange* change);
  void AppendHistogram(const CommitContext& context, TimestampMs t, const std::shared_ptr<const FloatHistogram>& h,
                       SeriesChange* change);
  void CloseOpenChunk(SeriesChange* change);
  void ReserveSample(SeriesChange* change);
  // Lowers *maxt to what a reader at `seq` may see; false when that is nothing.
  bool ClampToVisible(std::uint64_t seq, TimestampMs* maxt) const;

  const Labels labels_;
  const SeriesRef ref_;
  mutable SpinLock lock_;
  bool has_newest_ = false;
  Boundary boundary_{0, 0};  // newest commit and its first timestamp
  TimestampMs newest_t_ = 0;
  XorState xor_;  // of open_; keeps the newest float after the chunk was closed
  TimestampMs open_mint_ = 0;
  ChunkBytes open_;
  std::vector<ClosedChunk> closed_;  // columns (chunk_columns.h) where these are smaller, else XOR
  std::unique_ptr<Rare> rare_;
};

}  // namespace cachescope::tsdb
