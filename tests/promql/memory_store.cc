#include "memory_store.h"

#include <algorithm>
#include <set>

#include "server/promql/eval_histogram.h"

namespace cachescope::promqltest {
namespace {

FloatHistogram WithoutHint(const FloatHistogram& h) {
  FloatHistogram copy = h;
  copy.reset_hint = CounterResetHint::kUnknown;
  return copy;
}

// The hint a histogram has when it is read back: within a run of compatible counters each sample is known not to be a
// reset; the first of a run is unknown, unless it was said to be a reset.
CounterResetHint StoredHint(const FloatHistogram& h, const FloatHistogram* previous) {
  if (h.reset_hint == CounterResetHint::kGauge || h.reset_hint == CounterResetHint::kReset) return h.reset_hint;
  if (previous == nullptr || previous->reset_hint == CounterResetHint::kGauge) return CounterResetHint::kUnknown;
  if (IsStaleMarker(h.sum)) return CounterResetHint::kNotReset;
  if (IsStaleMarker(previous->sum)) return CounterResetHint::kUnknown;
  if (h.count < previous->count) return CounterResetHint::kUnknown;
  if (h.schema != previous->schema || h.zero_threshold != previous->zero_threshold) return CounterResetHint::kUnknown;
  if (h.custom_values != previous->custom_values) return CounterResetHint::kUnknown;
  return promql::DetectReset(WithoutHint(h), *previous) ? CounterResetHint::kUnknown : CounterResetHint::kNotReset;
}

}  // namespace

class MemoryAppender final : public storage::Appender {
 public:
  explicit MemoryAppender(MemoryStore* store) : store_(*store) {}
  Result<storage::SeriesRef> Append(storage::SeriesRef, const Labels& labels, TimestampMs t, double v) override {
    store_.series_[labels].floats[t] = v;
    return storage::SeriesRef{1};
  }
  Result<storage::SeriesRef> AppendHistogram(storage::SeriesRef, const Labels& labels, TimestampMs t,
                                             std::shared_ptr<const FloatHistogram> histogram) override {
    MemoryStore::Points& points = store_.series_[labels];
    const auto before = points.histograms.lower_bound(t);
    const FloatHistogram* previous = nullptr;
    if (before != points.histograms.begin()) {
      const auto last = std::prev(before);
      const auto f = points.floats.lower_bound(last->first);
      if (f == points.floats.end() || f->first > t) previous = last->second.get();
    }
    auto copy = std::make_shared<FloatHistogram>(*histogram);
    copy->reset_hint = StoredHint(*histogram, previous);
    points.histograms[t] = std::move(copy);
    return storage::SeriesRef{1};
  }
  Result<storage::SeriesRef> AppendStarted(storage::SeriesRef ref, const Labels& labels, TimestampMs t,
                                           TimestampMs start, double v) override {
    if (start != 0) store_.series_[labels].starts[t] = start;
    return Append(ref, labels, t, v);
  }
  Result<storage::SeriesRef> AppendStartedHistogram(storage::SeriesRef ref, const Labels& labels, TimestampMs t,
                                                    TimestampMs start,
                                                    std::shared_ptr<const FloatHistogram> histogram) override {
    if (start != 0) store_.series_[labels].starts[t] = start;
    return AppendHistogram(ref, labels, t, std::move(histogram));
  }
  Status Commit() override { return {}; }
  Status Rollback() override { return {}; }

 private:
  MemoryStore& store_;
};

class MemorySeries final : public storage::Series {
 public:
  MemorySeries(const Labels& labels, const MemoryStore::Points& points) : labels_(labels), points_(points) {}
  const Labels& labels() const override { return labels_; }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    if (points_.starts.empty()) return ReadPlain(mint, maxt, out);
    out->starts.resize(out->timestamps.size());
    return ReadPlain(mint, maxt, out);
  }

 private:
  Status ReadPlain(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const {
    for (auto it = points_.floats.lower_bound(mint); it != points_.floats.end() && it->first <= maxt; ++it) {
      out->timestamps.push_back(it->first);
      out->values.push_back(it->second);
      if (!points_.starts.empty()) out->starts.push_back(StartAt(it->first));
    }
    for (auto it = points_.histograms.lower_bound(mint); it != points_.histograms.end() && it->first <= maxt; ++it) {
      out->histograms.push_back({it->first, it->second, StartAt(it->first)});
    }
    return {};
  }
  TimestampMs StartAt(TimestampMs t) const {
    const auto it = points_.starts.find(t);
    return it == points_.starts.end() ? 0 : it->second;
  }

  const Labels& labels_;
  const MemoryStore::Points& points_;
};

class MemoryQuerier final : public storage::Querier {
 public:
  explicit MemoryQuerier(const MemoryStore* store) : store_(*store) {}
  Result<storage::SeriesSet> Select(bool, const storage::SelectHints&, const std::vector<Matcher>& matchers) override {
    storage::SeriesSet set;
    for (const auto& [labels, points] : store_.series_) {
      if (Matches(labels, matchers)) set.series.push_back(std::make_unique<MemorySeries>(labels, points));
    }
    return set;
  }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override {
    std::set<std::string> names;
    for (const auto& [labels, points] : store_.series_) {
      if (!Matches(labels, matchers)) continue;
      for (const LabelView& label : labels) names.emplace(label.name);
    }
    return Limited(names, limit);
  }
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override {
    std::set<std::string> values;
    for (const auto& [labels, points] : store_.series_) {
      if (Matches(labels, matchers) && labels.Has(name)) values.emplace(labels.Get(name));
    }
    return Limited(values, limit);
  }

 private:
  static bool Matches(const Labels& labels, const std::vector<Matcher>& matchers) {
    return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.MatchesLabels(labels); });
  }
  static std::vector<std::string> Limited(const std::set<std::string>& all, std::size_t limit) {
    std::vector<std::string> out(all.begin(), all.end());
    if (limit > 0 && out.size() > limit) out.resize(limit);
    return out;
  }
  const MemoryStore& store_;
};

std::unique_ptr<storage::Appender> MemoryStore::NewAppender() { return std::make_unique<MemoryAppender>(this); }
std::unique_ptr<storage::Querier> MemoryStore::NewQuerier(TimestampMs, TimestampMs) {
  return std::make_unique<MemoryQuerier>(this);
}

}  // namespace cachescope::promqltest
