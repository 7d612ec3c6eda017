// Sessions: who is using the head right now. An appender or a querier holds one from birth to end; results of a querier
// hold it on. The registry hands out sequence numbers to readers and tells commits and truncation what they must leave
// alone.
//
// A reader sees commits up to its sequence number. Removed series stay allocated until every session that was alive at
// their removal has ended. All methods are thread-safe; each takes one short lock.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>

#include "server/storage/tsdb/series.h"

namespace cachescope::tsdb {

class SessionRegistry {
 public:
  struct Session {
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;  // newest commit a reader sees
    TimestampMs mint = 0;   // oldest time a reader may read
  };
  using Handle = std::list<Session>::iterator;

  Handle EnterAppender();
  // A reader of [mint, …]; the session's mint is not below what truncation left.
  Handle EnterReader(TimestampMs mint);
  void LeaveAppender(Handle handle);
  void LeaveReader(Handle handle);

  // What a commit needs before its first sample; commits do not overlap.
  CommitContext BeginCommit();
  // Makes the commit visible to readers that enter from now on.
  void EndCommit(const CommitContext& context);

  // Appenders that enter from now on take nothing older than `mint`. Returns the epoch of those that entered before.
  std::uint64_t CloseBefore(TimestampMs mint);
  TimestampMs append_min_time() const;
  std::uint64_t OldestAppenderEpoch() const;

  // Appenders take samples of any age again, and readers are not bound any more by what RaiseMinTime said.
  void Reopen();

  // Raises the oldest readable time to `mint`, or less while a reader looks further back. Returns the new one.
  TimestampMs RaiseMinTime(TimestampMs mint);
  TimestampMs min_time() const;

  // Call after unlinking something: returns the epoch to file it under. It may be deleted when OldestEpoch() is
  // greater.
  std::uint64_t AdvanceEpoch();
  std::uint64_t OldestEpoch() const;

 private:
  mutable std::mutex mu_;
  // Guarded by mu_. Sequence numbers and epochs never decrease, so the front of a list is its oldest.
  std::list<Session> appenders_;
  std::list<Session> readers_;
  std::uint64_t epoch_ = 1;
  std::uint64_t committed_seq_ = 0;
  TimestampMs min_time_ = kMinTime;         // for reading
  TimestampMs append_min_time_ = kMinTime;  // for appending; not below min_time_
};

}  // namespace cachescope::tsdb
