// The querier of the head: postings to series under short locks, decoding without any.
#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <bit>
#include <mutex>

#include "server/storage/tsdb/head_state.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kPrefetchDistance = 8;

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

Status Decode(const SeriesSnapshot& snapshot, TimestampMs mint, storage::SampleColumns* out) {
  for (const ChunkBytes& chunk : snapshot.closed) {
    CACHESCOPE_RETURN_IF_ERROR(DecodeXor(chunk.bytes(), out, mint, snapshot.maxt));
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

class HeadSeries final : public storage::Series {
 public:
  HeadSeries(std::shared_ptr<const ReadSession> session, const MemorySeries* series)
      : session_(std::move(session)), series_(series) {}

  const Labels& labels() const override { return series_->labels(); }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    mint = std::max(mint, session_->mint());
    maxt = std::min(maxt, session_->maxt());
    if (mint > maxt) return {};
    thread_local SeriesSnapshot snapshot;  // keeps its capacity from call to call
    {
      const std::lock_guard lock(series_->lock());
      series_->Snapshot(session_->seq(), mint, maxt, &snapshot);
    }
    Status status = Decode(snapshot, mint, out);
    snapshot.clear();
    return status;
  }
  Status ReadNewest(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    NewestSample newest;
    {
      const std::lock_guard lock(series_->lock());
      (void)series_->NewestFloat(session_->seq(), std::max(mint, session_->mint()), std::min(maxt, session_->maxt()),
                                 &newest);
    }
    if (!newest.exists) return Read(mint, maxt, out);
    out->timestamps.push_back(newest.t);
    out->values.push_back(std::bit_cast<double>(newest.bits));
    return {};
  }

 private:
  const std::shared_ptr<const ReadSession> session_;
  const MemorySeries* series_;  // kept by session_
};

class HeadQuerier final : public storage::Querier {
 public:
  HeadQuerier(std::shared_ptr<HeadState> state, TimestampMs mint, TimestampMs maxt)
      : session_(std::make_shared<const ReadSession>(std::move(state), mint, maxt)) {}

  Result<storage::SeriesSet> Select(bool sorted, const storage::SelectHints& hints,
                                    const std::vector<Matcher>& matchers) override;
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override;
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override;

 private:
  // Visible series that match, at most `limit` of them (0: all), in the order of their references.
  std::vector<const MemorySeries*> Find(const std::vector<Matcher>& matchers, std::size_t limit) const;
  bool SeesAny(RefSpan refs) const;

  const std::shared_ptr<const ReadSession> session_;
};

std::vector<const MemorySeries*> HeadQuerier::Find(const std::vector<Matcher>& matchers, std::size_t limit) const {
  const HeadState& state = session_->state();
  const Candidates candidates = state.index.Find(matchers);
  std::vector<const MemorySeries*> found;
  found.reserve(candidates.refs.size());
  for (const SeriesRef ref : candidates.refs) {
    // A reference without a series was removed a moment ago.
    if (const MemorySeries* series = state.table.Get(ref); series != nullptr) found.push_back(series);
  }
  std::size_t size = 0;
  for (std::size_t i = 0; i < found.size() && (limit == 0 || size < limit); ++i) {
    if (i + kPrefetchDistance < found.size()) __builtin_prefetch(found[i + kPrefetchDistance], 1);
    const MemorySeries* series = found[i];
    const bool matches = std::all_of(candidates.residual.begin(), candidates.residual.end(),
                                     [&](const Matcher* matcher) { return matcher->MatchesLabels(series->labels()); });
    if (matches && session_->Sees(*series)) found[size++] = series;
  }
  found.resize(size);
  return found;
}

bool HeadQuerier::SeesAny(RefSpan refs) const {
  return std::any_of(refs.begin(), refs.end(), [this](SeriesRef ref) {
    const MemorySeries* series = session_->state().table.Get(ref);
    return series != nullptr && session_->Sees(*series);
  });
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

std::vector<std::string> SortedStrings(const absl::flat_hash_set<std::string_view>& values, std::size_t limit) {
  std::vector<std::string> out(values.begin(), values.end());
  std::sort(out.begin(), out.end());
  if (limit != 0 && out.size() > limit) out.resize(limit);
  return out;
}

Result<std::vector<std::string>> HeadQuerier::LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) {
  if (!matchers.empty()) {
    absl::flat_hash_set<std::string_view> names;
    for (const MemorySeries* series : Find(matchers, 0)) {
      for (const LabelView& label : series->labels()) names.insert(label.name);
    }
    return SortedStrings(names, limit);
  }
  const LabelIndex& index = session_->state().index;
  std::vector<std::string> out;
  for (std::string& name : index.Names()) {
    if (limit != 0 && out.size() == limit) break;
    bool seen = false;
    index.VisitValues(name, [&](const std::string&, RefSpan refs) {
      seen = SeesAny(refs);
      return !seen;
    });
    if (seen) out.push_back(std::move(name));
  }
  return out;
}

Result<std::vector<std::string>> HeadQuerier::LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                                          std::size_t limit) {
  if (!matchers.empty()) {
    absl::flat_hash_set<std::string_view> values;
    for (const MemorySeries* series : Find(matchers, 0)) {
      const std::string_view value = series->labels().Get(name);
      if (!value.empty()) values.insert(value);
    }
    return SortedStrings(values, limit);
  }
  std::vector<std::string> out;
  session_->state().index.VisitValues(name, [&](const std::string& value, RefSpan refs) {
    if (SeesAny(refs)) out.push_back(value);
    return limit == 0 || out.size() < limit;
  });
  return out;
}

}  // namespace

std::unique_ptr<storage::Querier> NewHeadQuerier(std::shared_ptr<HeadState> state, TimestampMs mint, TimestampMs maxt) {
  return std::make_unique<HeadQuerier>(std::move(state), mint, maxt);
}

}  // namespace cachescope::tsdb
