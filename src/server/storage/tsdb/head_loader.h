// HeadLoader fills a new head with what a log says, before anybody else uses it.
//
// Series come in any order of references and keep them; labels met again under another reference are the same series.
// Append may run on several threads for distinct series. Nothing is logged. Not for a head that was appended to.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <string>
#include <vector>

#include "base/coding.h"
#include "server/storage/tsdb/head.h"
#include "server/storage/tsdb/series.h"

namespace cachescope::tsdb {

// What one thread loaded.
struct LoadCounts {
  std::uint64_t samples = 0;
  std::uint64_t late = 0;
  std::uint64_t dropped = 0;   // there already
  std::uint64_t orphaned = 0;  // of no series
  std::uint64_t repeated = 0;  // of `dropped`: in the image of their series
  SeriesChange change;
  TimestampMs mint = kMaxTime;
  TimestampMs maxt = kMinTime;
};

class HeadLoader {
 public:
  explicit HeadLoader(Head& head);

  // Null for a reference out of range or an empty label set. `mark` as MemorySeries::labels_mark.
  MemorySeries* AddSeries(SeriesRef ref, const Labels& labels, std::uint32_t mark);
  // A series as a snapshot has it. Its samples up to the newest stand in the log once more, where it begins: Append
  // passes over them. kCorruption as SeriesImage::Read.
  Status AddImage(SeriesRef ref, const Labels& labels, std::uint32_t mark, ByteReader* image, LoadCounts* counts);
  // What `series` holds now stands in the log once more: Append passes over it. Nothing is appended meanwhile.
  void NoteRepeated(const MemorySeries* series);
  // Null when no such series was added, or only as another name of one. Thread-safe.
  MemorySeries* Find(SeriesRef ref) const;
  // The reference of the series that came first with the labels of this one.
  SeriesRef Resolve(SeriesRef ref) const;
  bool has_aliases() const noexcept { return !aliases_.empty(); }
  // `ref` stands in the log, be it that its labels were lost: no new series takes it, and with it samples that are not
  // its own. Not thread-safe.
  void Reserve(SeriesRef ref);
  void Append(MemorySeries* series, TimestampMs t, const SampleValue& value, LoadCounts* counts) const;
  void Delete(MemorySeries* series, TimeRange range) const;
  // Drops the samples older than `cut`. Nothing is appended meanwhile.
  void DropBefore(TimestampMs cut);
  // Of the late ones only.
  void DropLateBefore(TimestampMs cut);

  // Makes the series findable, and drops samples older than `cut` and series without samples. Once, at the end.
  void Finish(const std::vector<LoadCounts>& counts, TimestampMs cut);
  std::size_t series_count() const noexcept { return series_.size(); }

 private:
  bool IsInImage(const MemorySeries& series, TimestampMs t) const;

  const std::shared_ptr<HeadState> state_;
  CommitContext context_;
  std::vector<MemorySeries*> series_;
  SeriesRef newest_ = 0;
  absl::flat_hash_map<const MemorySeries*, TimestampMs> imaged_;  // newest sample of those that came as images
  absl::flat_hash_map<SeriesRef, SeriesRef> aliases_;
};

}  // namespace cachescope::tsdb
