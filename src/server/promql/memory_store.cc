#include "server/promql/memory_store.h"

#include <algorithm>
#include <set>

#include "server/promql/eval_histogram.h"

namespace cachescope::promql {
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
  return DetectReset(WithoutHint(h), *previous) ? CounterResetHint::kUnknown : CounterResetHint::kNotReset;
}

bool AllMatch(const Labels& labels, const std::vector<Matcher>& matchers) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.MatchesLabels(labels); });
}

}  // namespace

Status MemoryStore::CountOne() {
  if (max_samples_ > 0 && samples_ >= max_samples_) {
    return LimitExceeded("cannot hold more than " + std::to_string(max_samples_) + " samples in memory");
  }
  ++samples_;
  return {};
}

Result<MemoryStore::SeriesMap::iterator> MemoryStore::Find(storage::SeriesRef ref, const Labels& labels) {
  if (ref > 0 && ref <= by_ref_.size() && by_ref_[ref - 1]->first == labels) return by_ref_[ref - 1];
  if (labels.empty()) return InvalidArgument("cannot store a sample without labels");
  const auto [it, added] = series_.try_emplace(labels);
  if (added) {
    by_ref_.push_back(it);
    it->second.ref = by_ref_.size();
    by_name_[it->first.metric_name()].push_back(it);
  }
  return it;
}

class MemoryAppender final : public storage::Appender {
 public:
  explicit MemoryAppender(MemoryStore* store) : store_(*store) {}
  Result<storage::SeriesRef> Append(storage::SeriesRef ref, const Labels& labels, TimestampMs t, double v) override {
    return AppendStarted(ref, labels, t, 0, v);
  }
  Result<storage::SeriesRef> AppendHistogram(storage::SeriesRef ref, const Labels& labels, TimestampMs t,
                                             std::shared_ptr<const FloatHistogram> histogram) override {
    return AppendStartedHistogram(ref, labels, t, 0, std::move(histogram));
  }
  Result<storage::SeriesRef> AppendStarted(storage::SeriesRef ref, const Labels& labels, TimestampMs t,
                                           TimestampMs start, double v) override {
    CACHESCOPE_ASSIGN_OR_RETURN(const auto it, store_.Find(ref, labels));
    MemoryStore::Points& points = it->second;
    const auto at = std::lower_bound(points.times.begin(), points.times.end(), t);
    const auto index = at - points.times.begin();
    if (at != points.times.end() && *at == t) {
      points.values[static_cast<std::size_t>(index)] = v;
    } else {
      CACHESCOPE_RETURN_IF_ERROR(store_.CountOne());
      points.times.insert(at, t);
      points.values.insert(points.values.begin() + index, v);
    }
    if (start != 0) points.starts[t] = start;
    return points.ref;
  }
  Result<storage::SeriesRef> AppendStartedHistogram(storage::SeriesRef ref, const Labels& labels, TimestampMs t,
                                                    TimestampMs start,
                                                    std::shared_ptr<const FloatHistogram> histogram) override {
    CACHESCOPE_ASSIGN_OR_RETURN(const auto it, store_.Find(ref, labels));
    MemoryStore::Points& points = it->second;
    const auto at =
        std::lower_bound(points.histograms.begin(), points.histograms.end(), t,
                         [](const storage::HistogramSample& sample, TimestampMs v) { return sample.t < v; });
    auto copy = std::make_shared<FloatHistogram>(*histogram);
    copy->reset_hint = StoredHint(*histogram, Previous(points, at, t));
    if (start != 0) points.starts[t] = start;
    if (at != points.histograms.end() && at->t == t) {
      at->h = std::move(copy);
      return points.ref;
    }
    CACHESCOPE_RETURN_IF_ERROR(store_.CountOne());
    points.histograms.insert(at, {t, std::move(copy), 0});
    return points.ref;
  }
  Status Commit() override { return {}; }
  Status Rollback() override { return {}; }

 private:
  // The histogram before `at` when no float stands between it and `t`.
  static const FloatHistogram* Previous(const MemoryStore::Points& points,
                                        std::vector<storage::HistogramSample>::const_iterator at, TimestampMs t) {
    if (at == points.histograms.begin()) return nullptr;
    const auto last = std::prev(at);
    const auto f = std::lower_bound(points.times.begin(), points.times.end(), last->t);
    return f == points.times.end() || *f > t ? last->h.get() : nullptr;
  }

  MemoryStore& store_;
};

class MemorySeries final : public storage::Series {
 public:
  MemorySeries(const Labels& labels, const MemoryStore::Points& points) : labels_(labels), points_(points) {}
  const Labels& labels() const override { return labels_; }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    if (mint > maxt) return {};
    if (!points_.starts.empty()) out->starts.resize(out->timestamps.size());
    const auto first = std::lower_bound(points_.times.begin(), points_.times.end(), mint);
    const auto last = std::upper_bound(first, points_.times.end(), maxt);
    out->timestamps.insert(out->timestamps.end(), first, last);
    out->values.insert(out->values.end(), points_.values.begin() + (first - points_.times.begin()),
                       points_.values.begin() + (last - points_.times.begin()));
    if (!points_.starts.empty()) {
      for (auto it = first; it != last; ++it) out->starts.push_back(StartAt(*it));
    }
    for (const storage::HistogramSample& sample : points_.histograms) {
      if (sample.t >= mint && sample.t <= maxt) out->histograms.push_back({sample.t, sample.h, StartAt(sample.t)});
    }
    return {};
  }

 private:
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
  Result<storage::SeriesSet> Select(bool sorted, const storage::SelectHints&,
                                    const std::vector<Matcher>& matchers) override {
    storage::SeriesSet set;
    Visit(matchers, [&](MemoryStore::SeriesMap::const_iterator it) {
      set.series.push_back(std::make_unique<MemorySeries>(it->first, it->second));
    });
    if (sorted) {
      std::sort(set.series.begin(), set.series.end(),
                [](const auto& a, const auto& b) { return a->labels() < b->labels(); });
    }
    return set;
  }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override {
    std::set<std::string> names;
    Visit(matchers, [&](MemoryStore::SeriesMap::const_iterator it) {
      for (const LabelView& label : it->first) names.emplace(label.name);
    });
    return Limited(names, limit);
  }
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override {
    std::set<std::string> values;
    Visit(matchers, [&](MemoryStore::SeriesMap::const_iterator it) {
      if (it->first.Has(name)) values.emplace(it->first.Get(name));
    });
    return Limited(values, limit);
  }

 private:
  template <typename F>
  void Visit(const std::vector<Matcher>& matchers, F visit) const {
    const auto named = std::find_if(matchers.begin(), matchers.end(), [](const Matcher& m) {
      return m.name() == kMetricName && m.type() == MatchType::kEqual;
    });
    if (named != matchers.end()) {
      const auto list = store_.by_name_.find(named->value());
      if (list == store_.by_name_.end()) return;
      for (const auto& it : list->second) {
        if (AllMatch(it->first, matchers)) visit(it);
      }
      return;
    }
    for (auto it = store_.series_.begin(); it != store_.series_.end(); ++it) {
      if (AllMatch(it->first, matchers)) visit(it);
    }
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

}  // namespace cachescope::promql
