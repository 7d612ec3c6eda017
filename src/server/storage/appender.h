// How samples get into a store, whichever store it is.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample.h"

namespace cachescope::storage {

// Identifies a series within one running store. 0 means "not known". A reference may become invalid when the series is
// garbage-collected; Append then falls back to the labels, so always pass both.
using SeriesRef = std::uint64_t;

// One batch. Not thread-safe; use one appender per thread and batch. Exactly one of Commit and Rollback ends it; the
// destructor of an appender that was not ended rolls back. Nothing is visible to a Querier before Commit; after it
// everything is.
class Appender {
 public:
  virtual ~Appender() = default;

  // Adds one sample. `ref` from an earlier call skips the look-up by labels; pass 0 when unknown. Returns the reference
  // to use next time. Errors refuse this sample only, the batch goes on:
  //   kOutOfOrder       older than the newest sample of the series and outside the out-of-order window
  //   kDuplicateSample  same timestamp, other value
  //   kOutOfBounds      beyond what the store accepts (for example more than ten minutes ahead)
  //   kTooOld           older than the out-of-order window
  //   kLimitExceeded    the store holds its maximum of series
  //   kUnavailable      not at this moment: the same sample may be accepted in a second
  //   kInvalidArgument  empty label set
  virtual Result<SeriesRef> Append(SeriesRef ref, const Labels& labels, TimestampMs t, double v) = 0;
  virtual Result<SeriesRef> AppendHistogram(SeriesRef ref, const Labels& labels, TimestampMs t,
                                            std::shared_ptr<const FloatHistogram> histogram) = 0;

  // The same with the time since which the series has been counting, in ms; 0: not known. A store that keeps no start
  // times ignores it.
  virtual Result<SeriesRef> AppendStarted(SeriesRef ref, const Labels& labels, TimestampMs t, TimestampMs start,
                                          double v) {
    (void)start;
    return Append(ref, labels, t, v);
  }
  virtual Result<SeriesRef> AppendStartedHistogram(SeriesRef ref, const Labels& labels, TimestampMs t,
                                                   TimestampMs start, std::shared_ptr<const FloatHistogram> histogram) {
    (void)start;
    return AppendHistogram(ref, labels, t, std::move(histogram));
  }

  // Makes the batch visible and as durable as the store's configuration promises. kIoError when it could not be logged;
  // then nothing of the batch was stored.
  virtual Status Commit() = 0;
  virtual Status Rollback() = 0;
};

class Appendable {
 public:
  virtual ~Appendable() = default;
  // Thread-safe.
  virtual std::unique_ptr<Appender> NewAppender() = 0;
};

}  // namespace cachescope::storage
