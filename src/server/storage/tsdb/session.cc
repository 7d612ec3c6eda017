#include "server/storage/tsdb/session.h"

#include <algorithm>

namespace cachescope::tsdb {

SessionRegistry::Handle SessionRegistry::EnterAppender() {
  const std::lock_guard lock(mu_);
  return appenders_.insert(appenders_.end(), {epoch_, committed_seq_, kMaxTime});
}

SessionRegistry::Handle SessionRegistry::EnterReader(TimestampMs mint) {
  const std::lock_guard lock(mu_);
  return readers_.insert(readers_.end(), {epoch_, committed_seq_, std::max(mint, min_time_)});
}

void SessionRegistry::LeaveAppender(Handle handle) {
  const std::lock_guard lock(mu_);
  appenders_.erase(handle);
}

void SessionRegistry::LeaveReader(Handle handle) {
  const std::lock_guard lock(mu_);
  readers_.erase(handle);
}

CommitContext SessionRegistry::BeginCommit() {
  const std::lock_guard lock(mu_);
  CommitContext out;
  out.seq = committed_seq_ + 1;
  out.oldest_reader_seq = readers_.empty() ? kNoReader : readers_.front().seq;
  return out;
}

void SessionRegistry::EndCommit(const CommitContext& context) {
  const std::lock_guard lock(mu_);
  committed_seq_ = context.seq;
}

TimestampMs SessionRegistry::RaiseMinTime(TimestampMs mint) {
  const std::lock_guard lock(mu_);
  for (const Session& reader : readers_) mint = std::min(mint, reader.mint);
  min_time_ = std::max(min_time_, mint);
  append_min_time_ = std::max(append_min_time_, min_time_);
  return min_time_;
}

std::uint64_t SessionRegistry::CloseBefore(TimestampMs mint) {
  const std::lock_guard lock(mu_);
  append_min_time_ = std::max(append_min_time_, mint);
  return epoch_++;
}

void SessionRegistry::Reopen() {
  const std::lock_guard lock(mu_);
  append_min_time_ = kMinTime;
  min_time_ = kMinTime;
}

TimestampMs SessionRegistry::append_min_time() const {
  const std::lock_guard lock(mu_);
  return append_min_time_;
}

std::uint64_t SessionRegistry::OldestAppenderEpoch() const {
  const std::lock_guard lock(mu_);
  return appenders_.empty() ? epoch_ : appenders_.front().epoch;
}

TimestampMs SessionRegistry::min_time() const {
  const std::lock_guard lock(mu_);
  return min_time_;
}

std::uint64_t SessionRegistry::AdvanceEpoch() {
  const std::lock_guard lock(mu_);
  return epoch_++;
}

std::uint64_t SessionRegistry::OldestEpoch() const {
  const std::lock_guard lock(mu_);
  std::uint64_t out = epoch_;
  if (!appenders_.empty()) out = std::min(out, appenders_.front().epoch);
  if (!readers_.empty()) out = std::min(out, readers_.front().epoch);
  return out;
}

}  // namespace cachescope::tsdb
