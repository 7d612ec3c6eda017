// Head is the in-memory metric store: the recent samples of every series, an index over their labels, nothing on disk.
//
// Appends. An appender checks each sample against the newest one of its series, stored or waiting in the same batch,
// and keeps the batch to itself; Commit writes it to the log, when there is one, and applies it. An older sample is
// stored beside the chunks when it lies within the out-of-order window; otherwise it is kTooOld, or kOutOfOrder without
// a window. One older than what Truncate left is kTooOld, another value at the newest timestamp is kDuplicateSample,
// the same value bit for bit is accepted and stored once; of two values at one earlier time the first stays. A sample
// that another appender overtakes between Append and Commit, out of the window, is dropped then and counted. Floats
// keep every bit (staleness markers, NaN payloads); a series may mix floats and histograms, in one order of time.
//
// Queries. A querier sees the batches committed before NewQuerier, whole, for as long as it or any series it returned
// lives, also after the Head is gone. While it lives it delays the dropping of what it may still read, so do not keep
// one for long. Select returns series with a chunk that overlaps the querier's time range; Series::Read is cut to that
// range. Lists of names and values are answered from the index of the moment, for the whole range of the head, when
// that and the querier's overlap (head_listing.h).
//
// Locks, never held while decoding: commits follow each other under one mutex; a series has a spin lock for the tens of
// nanoseconds of an append or a copy; 64 shards of a map from labels to series and one reader-writer lock over the
// index are taken for new series, look-ups without a reference, and Select. Order: truncation, commit, shard, index,
// table, series.
//
// Costs (bench/tsdb/head_bench.cc): Append with a reference and its share of Commit 60 ns per sample for 1,000 series,
// 140 ns for 100,000, which no cache holds; Select 60 ns per series; decoding 2 to 3 ns per sample. A scraped series of
// eight labels takes 500 bytes with its first samples, 590 after 120 (head_memory_test.cc).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "server/storage/querier.h"
#include "server/storage/tsdb/cardinality.h"

namespace cachescope::tsdb {

class HeadLog;

struct HeadOptions {
  std::size_t max_series = 0;  // 0: kDefaultMaxSeries
  DurationMs max_future =
      10 * 60 * 1000;                // a sample further ahead of the clock is kOutOfBounds; 0: any time is accepted
  unsigned samples_per_chunk = 120;  // clipped to [1, kMaxSamplesPerChunk]
  DurationMs chunk_range = 2 * 60 * 60 * 1000;  // no chunk crosses a multiple of it; 0: chunks may
  // What Truncate dropped has gone elsewhere, and older samples of other series may still come: a past that was closed
  // opens again with Reopen, and readers are not held to what Truncate left.
  bool past_reopens = false;
  DurationMs out_of_order_window = 0;     // how much older than the newest of its series a sample may be
  const Clock* clock = &Clock::System();  // not owned; outlives the Head
  std::shared_ptr<HeadLog> log;           // null: nothing is written down

  static constexpr std::size_t kDefaultMaxSeries = 2'000'000;
  static constexpr unsigned kMaxSamplesPerChunk = 1000;
};

// Counters since the start and sizes of the moment. Reading them is cheap.
struct HeadStats {
  std::uint64_t series = 0;
  std::uint64_t series_created = 0;
  std::uint64_t series_removed = 0;
  std::uint64_t chunks = 0;
  std::uint64_t samples_appended = 0;  // late ones included
  std::uint64_t late_samples = 0;
  std::uint64_t commits = 0;
  std::uint64_t log_failures = 0;  // commits refused because the log could not be written
  // Refused samples by reason.
  std::uint64_t out_of_order = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t out_of_bounds = 0;
  std::uint64_t too_old = 0;
  std::uint64_t over_limit = 0;
  std::uint64_t invalid = 0;  // empty label set
  // Of the stored samples; min_time > max_time when there are none.
  TimestampMs min_time = 0;
  TimestampMs max_time = 0;
  // Estimates without the allocator's overhead.
  std::uint64_t series_bytes = 0;
  std::uint64_t chunk_bytes = 0;
  std::uint64_t index_bytes = 0;
};

// One series as VisitImages shows it.
struct SeriesInSnapshot {
  storage::SeriesRef ref = 0;
  std::uint32_t labels_mark = 0;
  const Labels* labels = nullptr;
  std::string_view image;
};

struct HeadState;
class HeadLoader;

class Head final : public storage::Storage {
 public:
  explicit Head(const HeadOptions& options = {});
  ~Head() override;
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  // Appenders and queriers share ownership of the state and may outlive the Head.
  std::unique_ptr<storage::Appender> NewAppender() override;
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override;

  // Forgets samples older than `mint`: they can be neither read nor appended any more. Drops whole chunks, and series
  // that have no samples left and no batch waiting. Returns the oldest time that can still be read: earlier than `mint`
  // when a living querier looks further back, which leaves that rest to the next call. Linear in the series.
  TimestampMs Truncate(TimestampMs mint);

  // The same promise for appending alone, kept as soon as this returns: what is older is kTooOld from now on, or
  // kUnavailable until Reopen. Waits for
  // the batches under way, at most `patience`; kUnavailable when they take longer.
  Status CloseBefore(TimestampMs mint, std::chrono::milliseconds patience);
  // Takes samples of any age again. Only with `past_reopens`.
  void Reopen();
  // Whether no batch with a sample older than `t` was committed in the last `quiet` ms.
  bool QuietBefore(TimestampMs t, DurationMs quiet) const;

  // Deletes the samples with mint <= t <= maxt that series matching every matcher have now: they are not read any more,
  // and memory is freed when Truncate comes by. Written to the log, when there is one. Returns how many series it
  // touched. Linear in the matching series.
  Result<std::size_t> Delete(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers);

  // The series with these labels, if they stand in the log; else 0. One look-up.
  storage::SeriesRef LoggedRef(const Labels& labels) const;
  // Every series whose labels stand in the log, for a copy of them. `visit` must not use the head.
  void VisitLogged(const std::function<void(storage::SeriesRef, const Labels&)>& visit) const;

  // Every series with all that it holds (series_image.h), until `visit` returns false. Each is locked for a moment; a
  // batch committed meanwhile may be seen in part.
  void VisitImages(const std::function<bool(const SeriesInSnapshot&)>& visit) const;

  HeadStats stats() const;
  // The `top` largest of each kind. Linear in the label pairs.
  Cardinality CountLabels(std::size_t top) const;

 private:
  friend class HeadLoader;
  const std::shared_ptr<HeadState> state_;
};

}  // namespace cachescope::tsdb
