// Closing the past of the head, and deleting from it.
#include <algorithm>
#include <mutex>
#include <thread>

#include "server/storage/tsdb/head_log.h"
#include "server/storage/tsdb/head_state.h"
#include "server/storage/tsdb/series_image.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

constexpr std::chrono::milliseconds kPollEvery(1);

std::vector<MemorySeries*> Matching(const HeadState& state, const std::vector<Matcher>& matchers) {
  const Candidates candidates = state.index.Find(matchers);
  std::vector<MemorySeries*> out;
  for (const SeriesRef ref : candidates.refs) {
    MemorySeries* series = state.table.Get(ref);
    if (series == nullptr) continue;
    const bool accepted = std::all_of(candidates.residual.begin(), candidates.residual.end(),
                                      [&](const Matcher* matcher) { return matcher->MatchesLabels(series->labels()); });
    if (accepted) out.push_back(series);
  }
  return out;
}

// Ends with the scope, whatever happens.
class Session {
 public:
  explicit Session(SessionRegistry& registry) : registry_(registry), handle_(registry.EnterAppender()) {}
  ~Session() { registry_.LeaveAppender(handle_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  SessionRegistry& registry_;
  const SessionRegistry::Handle handle_;
};

}  // namespace

Status Head::CloseBefore(TimestampMs mint, std::chrono::milliseconds patience) {
  const std::uint64_t epoch = state_->sessions.CloseBefore(mint);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (state_->sessions.OldestAppenderEpoch() <= epoch) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return Unavailable("cannot close the past of the head: a batch that began before has not ended");
    }
    std::this_thread::sleep_for(kPollEvery);
  }
  return {};
}

void Head::Reopen() {
  if (state_->options.past_reopens) state_->sessions.Reopen();
}

bool Head::QuietBefore(TimestampMs t, DurationMs quiet) const {
  const TimestampMs now = state_->options.clock->NowMs();
  const std::lock_guard lock(state_->commit_mu);
  for (const auto& [begin, at] : state_->touched) {
    // A clock that was set back says nothing: then it counts as quiet.
    if (begin < t && now >= at && now - at < quiet) return false;
  }
  return true;
}

SeriesRef Head::LoggedRef(const Labels& labels) const {
  SeriesShards::Shard& shard = state_->shards.ForLabels(labels);
  const std::lock_guard lock(shard.mu);
  const auto found = shard.series.find(labels);
  if (found == shard.series.end()) return 0;
  const std::lock_guard series_lock((*found)->lock());
  return (*found)->labels_mark == 0 ? 0 : (*found)->ref();
}

void Head::VisitLogged(const std::function<void(SeriesRef, const Labels&)>& visit) const {
  const Session session(state_->sessions);
  for (const SeriesRef ref : state_->index.All()) {
    const MemorySeries* series = state_->table.Get(ref);
    if (series == nullptr) continue;
    {
      const std::lock_guard lock(series->lock());
      if (series->labels_mark == 0) continue;
    }
    visit(ref, series->labels());
  }
}

void Head::VisitImages(const std::function<bool(const SeriesInSnapshot&)>& visit) const {
  const Session session(state_->sessions);
  std::string image;
  for (const SeriesRef ref : state_->index.All()) {
    const MemorySeries* series = state_->table.Get(ref);
    if (series == nullptr) continue;
    SeriesInSnapshot seen{ref, 0, &series->labels(), {}};
    image.clear();
    {
      const std::lock_guard lock(series->lock());
      seen.labels_mark = series->labels_mark;
      // Labels that are in no log yet will come with their first sample.
      if (seen.labels_mark == 0) continue;
      SeriesImage::Write(*series, &image);
    }
    seen.image = image;
    if (!visit(seen)) return;
  }
}

Result<std::size_t> Head::Delete(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers) {
  const Session session(state_->sessions);
  const std::vector<MemorySeries*> matching = Matching(*state_, matchers);
  const std::lock_guard lock(state_->commit_mu);
  if (HeadLog* log = state_->options.log.get(); log != nullptr && !matching.empty()) {
    std::vector<TombstoneRecord> records;
    for (const MemorySeries* series : matching) records.push_back({series->ref(), mint, maxt});
    std::string record;
    EncodeTombstones(records, &record);
    CACHESCOPE_RETURN_IF_ERROR(log->LogRecord(record));
  }
  std::size_t touched = 0;
  for (MemorySeries* series : matching) {
    const std::lock_guard series_lock(series->lock());
    if (series->Delete({mint, maxt})) ++touched;
  }
  return touched;
}

}  // namespace cachescope::tsdb
