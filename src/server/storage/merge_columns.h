// How columns of several parts become one. Internal to merge_querier.h; pure.
#pragma once

#include <algorithm>

#include "server/storage/merge_querier.h"
#include "server/storage/querier.h"

namespace cachescope::storage {

// Where a part's samples begin in the columns they are appended to.
struct ColumnsMark {
  std::size_t floats = 0;
  std::size_t histograms = 0;
  static ColumnsMark EndOf(const SampleColumns& columns) {
    return {columns.timestamps.size(), columns.histograms.size()};
  }
};

// Brings what stands behind `middle` in order with what stands between `begin` and it: each ascends, at equal times
// what stands behind wins. Linear; free when the two do not overlap in time.
void MergeTail(ColumnsMark begin, ColumnsMark middle, SampleColumns* columns);

// Reads every part, oldest first. The first error, with what the parts had.
template <typename Parts, typename ReadPart>
Status ReadMerged(const Parts& parts, const ReadPart& read, SampleColumns* out) {
  const ColumnsMark begin = ColumnsMark::EndOf(*out);
  Status first_error;
  for (const auto& part : parts) {
    const ColumnsMark middle = ColumnsMark::EndOf(*out);
    Status status = read(part, out);
    if (!status.ok() && first_error.ok()) first_error = std::move(status);
    MergeTail(begin, middle, out);
  }
  return first_error;
}

// Asks parts from the newest on until none can hold a newer sample than the one found.
template <typename Parts, typename ReadPart>
Status ReadNewestMerged(const Parts& parts, const ReadPart& read, TimestampMs mint, SampleColumns* out) {
  Status first_error;
  bool found = false;
  TimestampMs newest = 0;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (found && (part->maxt == MergePart::kByOrder || part->maxt <= newest)) continue;
    const ColumnsMark before = ColumnsMark::EndOf(*out);
    Status status = read(*part, found ? newest + 1 : mint, out);
    if (!status.ok() && first_error.ok()) first_error = std::move(status);
    const auto note = [&](TimestampMs t) {
      newest = found ? std::max(newest, t) : t;
      found = true;
    };
    if (out->timestamps.size() > before.floats) note(out->timestamps.back());
    if (out->histograms.size() > before.histograms) note(out->histograms.back().t);
  }
  return first_error;
}

}  // namespace cachescope::storage
