// The querier of the head: postings to series under short locks, decoding without any.
#include <algorithm>
#include <bit>
#include <mutex>

#include "server/storage/tsdb/chunk_columns.h"
#include "server/storage/tsdb/head_listing.h"
#include "server/storage/tsdb/head_state.h"
#include "server/storage/tsdb/late_samples.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kPrefetchDistance = 12;

void Prefetch(const MemorySeries* series) {
  constexpr std::size_t kCacheLine = 64;
  const auto* at = reinterpret_cast<const char*>(series);
  for (std::size_t line = 0; line < sizeof(MemorySeries); line += kCacheLine) __builtin_prefetch(at + line, 1);
}

// Keeps the state, the removed series and the visible sequence number for everybody who reads.
class ReadSession {
 public:
  ReadSession(std::shared_ptr<HeadState> state, TimestampMs mint, TimestampMs maxt)
      : state_(std::move(state)), handle_(state_->sessions.EnterReader(mint)), maxt_(maxt) {}
  ~ReadSession() { state_->sessions.LeaveReader(handle_); }
  ReadSession(const ReadSession&) = delete;
  ReadSession& operator=(const ReadSession&) = delete;

  const HeadState& state() const { return *state_; }
  std::uint64_t seq() const { return handle_->seq; }
  TimestampMs mint() const { return handle_->mint; }
  TimestampMs maxt() const { return maxt_; }
  bool Sees(const MemorySeries& series) const {
    const std::lock_guard lock(series.lock());
    return series.Overlaps(seq(), mint(), maxt());
  }

 private:
  const std::shared_ptr<HeadState> state_;
  const SessionRegistry::Handle handle_;
  const TimestampMs maxt_;
};

// Gives the samples from `floats` and `histograms` on their start times.
void AddStarts(const std::vector<StartMark>& marks, std::size_t floats, std::size_t histograms,
               storage::SampleColumns* out) {
  const auto start_at = [&](TimestampMs t) {
    const auto next =
        std::partition_point(marks.begin(), marks.end(), [t](const StartMark& mark) { return mark.from <= t; });
    return next == marks.begin() ? 0 : std::prev(next)->start;
  };
  out->starts.resize(floats);
  for (std::size_t i = floats; i < out->timestamps.size(); ++i) out->starts.push_back(start_at(out->timestamps[i]));
  for (std::size_t i = histograms; i < out->histograms.size(); ++i) {
    out->histograms[i].start = start_at(out->histograms[i].t);
  }
}

Status Decode(const SeriesSnapshot& snapshot, TimestampMs mint, storage::SampleColumns* out) {
  for (const ChunkBytes& chunk : snapshot.closed) {
    CACHESCOPE_RETURN_IF_ERROR(IsColumns(chunk.bytes()) ? DecodeColumns(chunk.bytes(), out, mint, snapshot.maxt)
                                                        : DecodeXor(chunk.bytes(), out, mint, snapshot.maxt));
  }
  if (!snapshot.open.empty()) CACHESCOPE_RETURN_IF_ERROR(DecodeXor(snapshot.open, out, mint, snapshot.maxt));
  for (const auto& chunk : snapshot.histograms) {
    for (const storage::HistogramSample& sample : *chunk) {
      if (sample.t >= mint && sample.t <= snapshot.maxt) out->histograms.push_back(sample);
    }
  }
  out->histograms.insert(out->histograms.end(), snapshot.open_histograms.begin(), snapshot.open_histograms.end());
  return {};
}

// What rare series need besides: late samples, start times, deletions.
void Complete(const SeriesSnapshot& snapshot, std::size_t floats, std::size_t histograms, storage::SampleColumns* out) {
  if (!snapshot.late.empty()) MergeLate(snapshot.late, floats, histograms, out);
  if (!snapshot.deleted.empty()) snapshot.deleted.Erase(floats, histograms, out);
  if (!snapshot.starts.empty()) AddStarts(snapshot.starts, floats, histograms, out);
}

Status ReadSeries(const ReadSession& session, const MemorySeries& series, TimestampMs mint, TimestampMs maxt,
                  storage::SampleColumns* out) {
  mint = std::max(mint, session.mint());
  maxt = std::min(maxt, session.maxt());
  if (mint > maxt) return {};
  thread_local SeriesSnapshot snapshot;  // keeps its capacity from call to call
  {
    const std::lock_guard lock(series.lock());
    series.Snapshot(session.seq(), mint, maxt, &snapshot);
  }
  const std::size_t floats = out->timestamps.size();
  const std::size_t histograms = out->histograms.size();
  Status status = Decode(snapshot, mint, out);
  Complete(snapshot, floats, histograms, out);
  snapshot.clear();
  return status;
}

Status ReadNewestSample(const ReadSession& session, const MemorySeries& series, TimestampMs mint, TimestampMs maxt,
                        storage::SampleColumns* out) {
  NewestSample newest;
  {
    const std::lock_guard lock(series.lock());
    (void)series.NewestFloat(session.seq(), std::max(mint, session.mint()), std::min(maxt, session.maxt()), &newest);
  }
  if (!newest.exists) return ReadSeries(session, series, mint, maxt, out);
  out->timestamps.push_back(newest.t);
  out->values.push_back(std::bit_cast<double>(newest.bits));
  return {};
}

class HeadSeries final : public storage::Series {
 public:
  HeadSeries(std::shared_ptr<const ReadSession> session, const MemorySeries* series)
      : session_(std::move(session)), series_(series) {}

  const Labels& labels() const override { return series_->labels(); }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    return ReadSeries(*session_, *series_, mint, maxt, out);
  }
  Status ReadNewest(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    return ReadNewestSample(*session_, *series_, mint, maxt, out);
  }

 private:
  const std::shared_ptr<const ReadSession> session_;
  const MemorySeries* series_;  // kept by session_
};

// Candidates of the index: whether the rest of the matchers accept one, and whether it has samples, shows when it is
// read, which may happen on several threads.
class HeadSeriesList final : public storage::SeriesList {
 public:
  HeadSeriesList(std::shared_ptr<const ReadSession> session, std::vector<const MemorySeries*> series,
                 std::vector<Matcher> residual)
      : session_(std::move(session)), series_(std::move(series)), residual_(std::move(residual)) {}

  std::size_t size() const override { return series_.size(); }
  const Labels& labels(std::size_t index) const override { return series_[index]->labels(); }
  Status Read(std::size_t index, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    return Accepts(index) ? ReadSeries(*session_, *series_[index], mint, maxt, out) : Status();
  }
  Status ReadNewest(std::size_t index, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    return Accepts(index) ? ReadNewestSample(*session_, *series_[index], mint, maxt, out) : Status();
  }

 private:
  bool Accepts(std::size_t index) const {
    if (index + kPrefetchDistance < series_.size()) Prefetch(series_[index + kPrefetchDistance]);
    return std::all_of(residual_.begin(), residual_.end(),
                       [&](const Matcher& matcher) { return matcher.MatchesLabels(series_[index]->labels()); });
  }

  const std::shared_ptr<const ReadSession> session_;
  const std::vector<const MemorySeries*> series_;  // kept by session_
  const std::vector<Matcher> residual_;
};

class HeadQuerier final : public storage::Querier {
 public:
  HeadQuerier(std::shared_ptr<HeadState> state, TimestampMs mint, TimestampMs maxt)
      : session_(std::make_shared<const ReadSession>(std::move(state), mint, maxt)),
        overlaps_(HeadOverlaps(session_->state(), mint, maxt)) {}

  Result<storage::SeriesSet> Select(bool sorted, const storage::SelectHints& hints,
                                    const std::vector<Matcher>& matchers) override;
  Result<std::shared_ptr<const storage::SeriesList>> SelectList(const storage::SelectHints& hints,
                                                                const std::vector<Matcher>& matchers) override;
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override;
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override;
  Status VisitLabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                          const std::function<bool(std::string_view)>& visit) override;

 private:
  // Visible series that match, at most `limit` of them (0: all), in the order of their references.
  std::vector<const MemorySeries*> Find(const std::vector<Matcher>& matchers, std::size_t limit) const {
    return Visible(session_->state().index.Find(matchers), limit);
  }
  std::vector<const MemorySeries*> Visible(const Candidates& candidates, std::size_t limit) const;

  const std::shared_ptr<const ReadSession> session_;
  const bool overlaps_;  // the range of the querier and that of the head
};

bool Accepted(const Candidates& candidates, const MemorySeries& series) {
  return std::all_of(candidates.residual.begin(), candidates.residual.end(),
                     [&](const Matcher* matcher) { return matcher->MatchesLabels(series.labels()); });
}

std::vector<const MemorySeries*> HeadQuerier::Visible(const Candidates& candidates, std::size_t limit) const {
  const HeadState& state = session_->state();
  std::vector<const MemorySeries*> found;
  found.reserve(candidates.refs.size());
  for (const SeriesRef ref : candidates.refs) {
    // A reference without a series was removed a moment ago.
    if (const MemorySeries* series = state.table.Get(ref); series != nullptr) found.push_back(series);
  }
  std::size_t size = 0;
  for (std::size_t i = 0; i < found.size() && (limit == 0 || size < limit); ++i) {
    if (i + kPrefetchDistance < found.size()) Prefetch(found[i + kPrefetchDistance]);
    const MemorySeries* series = found[i];
    if (Accepted(candidates, *series) && session_->Sees(*series)) found[size++] = series;
  }
  found.resize(size);
  return found;
}

Result<storage::SeriesSet> HeadQuerier::Select(bool sorted, const storage::SelectHints& hints,
                                               const std::vector<Matcher>& matchers) {
  std::vector<const MemorySeries*> found = Find(matchers, sorted ? 0 : hints.limit);
  if (sorted) {
    std::sort(found.begin(), found.end(),
              [](const MemorySeries* a, const MemorySeries* b) { return a->labels() < b->labels(); });
    if (hints.limit != 0 && found.size() > hints.limit) found.resize(hints.limit);
  }
  storage::SeriesSet out;
  out.series.reserve(found.size());
  for (const MemorySeries* series : found) out.series.push_back(std::make_unique<HeadSeries>(session_, series));
  return out;
}

Result<std::shared_ptr<const storage::SeriesList>> HeadQuerier::SelectList(const storage::SelectHints& hints,
                                                                           const std::vector<Matcher>& matchers) {
  if (hints.limit != 0) return Querier::SelectList(hints, matchers);
  const HeadState& state = session_->state();
  const Candidates candidates = state.index.Find(matchers);
  std::vector<const MemorySeries*> found;
  found.reserve(candidates.refs.size());
  for (const SeriesRef ref : candidates.refs) {
    if (const MemorySeries* series = state.table.Get(ref); series != nullptr) found.push_back(series);
  }
  std::vector<Matcher> residual;
  for (const Matcher* matcher : candidates.residual) residual.push_back(*matcher);
  return std::shared_ptr<const storage::SeriesList>(
      std::make_shared<const HeadSeriesList>(session_, std::move(found), std::move(residual)));
}

Result<std::vector<std::string>> HeadQuerier::LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) {
  if (!overlaps_) return std::vector<std::string>();
  return HeadLabelNames(session_->state(), matchers, limit);
}

Result<std::vector<std::string>> HeadQuerier::LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                                          std::size_t limit) {
  std::vector<std::string> out;
  CACHESCOPE_RETURN_IF_ERROR(VisitLabelValues(name, matchers, [&](std::string_view value) {
    out.emplace_back(value);
    return limit == 0 || out.size() < limit;
  }));
  return out;
}

Status HeadQuerier::VisitLabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                     const std::function<bool(std::string_view)>& visit) {
  if (overlaps_) VisitHeadLabelValues(session_->state(), name, matchers, visit);
  return {};
}

}  // namespace

std::unique_ptr<storage::Querier> NewHeadQuerier(std::shared_ptr<HeadState> state, TimestampMs mint, TimestampMs maxt) {
  return std::make_unique<HeadQuerier>(std::move(state), mint, maxt);
}

}  // namespace cachescope::tsdb
