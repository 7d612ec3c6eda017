// Several stores as one, against a naive merge.
#include "server/storage/merge_querier.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "server/storage/warning_querier.h"

namespace cachescope::storage {
namespace {

struct FakeSample {
  bool histogram = false;
  double v = 0;
  TimestampMs start = 0;
  bool operator==(const FakeSample&) const = default;
};
using Samples = std::map<TimestampMs, FakeSample>;
using Store = std::map<Labels, Samples>;

Samples FromColumns(const SampleColumns& columns) {
  Samples out;
  for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
    EXPECT_TRUE(i == 0 || columns.timestamps[i - 1] < columns.timestamps[i]);
    const TimestampMs start = i < columns.starts.size() ? columns.starts[i] : 0;
    out[columns.timestamps[i]] = {false, columns.values[i], start};
  }
  EXPECT_LE(columns.starts.size(), columns.timestamps.size());
  for (std::size_t i = 0; i < columns.histograms.size(); ++i) {
    EXPECT_TRUE(i == 0 || columns.histograms[i - 1].t < columns.histograms[i].t);
    const HistogramSample& sample = columns.histograms[i];
    EXPECT_TRUE(out.emplace(sample.t, FakeSample{true, sample.h->sum, sample.start}).second);
  }
  return out;
}

struct Calls {
  int reads = 0;
  int newest = 0;
  int selects = 0;
};

class FakeSeries final : public Series {
 public:
  FakeSeries(const Labels& labels, const Samples& samples, Calls* calls, Status status)
      : labels_(labels), samples_(samples), calls_(calls), status_(std::move(status)) {}
  const Labels& labels() const override { return labels_; }
  Status Read(TimestampMs mint, TimestampMs maxt, SampleColumns* out) const override {
    ++calls_->reads;
    for (auto at = samples_.lower_bound(mint); at != samples_.end() && at->first <= maxt; ++at) {
      const FakeSample& sample = at->second;
      if (sample.histogram) {
        auto h = std::make_shared<FloatHistogram>();
        h->sum = sample.v;
        out->histograms.push_back({at->first, std::move(h), sample.start});
        continue;
      }
      out->timestamps.push_back(at->first);
      out->values.push_back(sample.v);
      if (sample.start != 0) {
        out->starts.resize(out->timestamps.size());
        out->starts.back() = sample.start;
      }
    }
    return status_;
  }
  Status ReadNewest(TimestampMs mint, TimestampMs maxt, SampleColumns* out) const override {
    ++calls_->newest;
    return Read(mint, maxt, out);
  }

 private:
  const Labels labels_;
  const Samples samples_;
  Calls* const calls_;
  const Status status_;
};

class FakeQuerier final : public Querier {
 public:
  FakeQuerier(Store store, Calls* calls) : store_(std::move(store)), calls_(calls) {}
  Result<SeriesSet> Select(bool sorted, const SelectHints& hints, const std::vector<Matcher>&) override {
    ++calls_->selects;
    if (!select_status.ok()) return select_status;
    SeriesSet out;
    for (const auto& [labels, samples] : store_) {
      out.series.push_back(std::make_unique<FakeSeries>(labels, samples, calls_, read_status));
    }
    if (!sorted) std::reverse(out.series.begin(), out.series.end());
    if (hints.limit != 0 && out.series.size() > hints.limit) out.series.resize(hints.limit);
    out.warnings = warnings;
    return out;
  }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>&, std::size_t limit) override {
    if (!select_status.ok()) return select_status;
    std::set<std::string> names;
    for (const auto& [labels, samples] : store_) {
      for (const LabelView& label : labels) names.emplace(label.name);
    }
    std::vector<std::string> out(names.begin(), names.end());
    if (limit != 0 && out.size() > limit) out.resize(limit);
    return out;
  }
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>&,
                                               std::size_t) override {
    std::set<std::string> values;
    for (const auto& [labels, samples] : store_) {
      if (labels.Has(name)) values.emplace(labels.Get(name));
    }
    return std::vector<std::string>(values.begin(), values.end());
  }

  Status select_status;
  Status read_status;
  std::vector<std::string> warnings;

 private:
  const Store store_;
  Calls* const calls_;
};

std::unique_ptr<FakeQuerier> Fake(Store store, Calls* calls) {
  return std::make_unique<FakeQuerier>(std::move(store), calls);
}

std::unique_ptr<Querier> Merge(std::unique_ptr<FakeQuerier> a, std::unique_ptr<FakeQuerier> b) {
  std::vector<std::unique_ptr<Querier>> parts;
  parts.push_back(std::move(a));
  parts.push_back(std::move(b));
  return MergeQueriers(std::move(parts));
}

Samples Floats(std::initializer_list<std::pair<TimestampMs, double>> samples) {
  Samples out;
  for (const auto& [t, v] : samples) out[t] = {false, v, 0};
  return out;
}

const Labels kA = {{"a", "1"}};
const Labels kB = {{"b", "1"}};
const Labels kC = {{"c", "1"}};

TEST(MergeQuerierTest, EqualsANaiveMerge) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::unique_ptr<Querier>> parts;
    Store expected;
    Calls calls;
    const bool apart = round % 3 == 0;  // parts that follow each other in time
    for (int part = 0; part < 1 + round % 5; ++part) {
      Store store;
      for (int s = 0; s < 6; ++s) {
        if (random() % 3 == 0) continue;
        const Labels labels = {{"s", std::to_string(s)}};
        Samples& samples = store[labels];
        const std::size_t count = random() % 12;
        for (std::size_t i = 0; i < count; ++i) {
          const TimestampMs t = static_cast<TimestampMs>(random() % 40) + (apart ? part * 40 : 0);
          samples[t] = {random() % 4 == 0, static_cast<double>(random() % 100),
                        random() % 2 == 0 ? 0 : static_cast<TimestampMs>(random() % 9)};
        }
        for (const auto& [t, sample] : samples) expected[labels][t] = sample;
        expected[labels];
      }
      parts.push_back(Fake(std::move(store), &calls));
    }
    const auto merged = MergeQueriers(std::move(parts));
    const TimestampMs mint = static_cast<TimestampMs>(random() % 50);
    const TimestampMs maxt = mint + static_cast<TimestampMs>(random() % 100);
    const auto cut = [&](const Samples& samples) {
      return Samples(samples.lower_bound(mint), samples.upper_bound(maxt));
    };
    const auto set = merged->Select(true, {}, {});
    ASSERT_TRUE(set.ok());
    ASSERT_EQ(set->series.size(), expected.size());
    auto next = expected.begin();
    for (const auto& series : set->series) {
      ASSERT_EQ(series->labels(), next->first);
      SampleColumns columns;
      ASSERT_TRUE(series->Read(mint, maxt, &columns).ok());
      EXPECT_EQ(FromColumns(columns), cut((next++)->second));
    }
    const auto list = merged->SelectList({}, {});
    ASSERT_TRUE(list.ok());
    ASSERT_EQ((*list)->size(), expected.size());
    for (std::size_t i = 0; i < (*list)->size(); ++i) {
      SampleColumns columns;
      ASSERT_TRUE((*list)->Read(i, mint, maxt, &columns).ok());
      EXPECT_EQ(FromColumns(columns), cut(expected[(*list)->labels(i)]));
    }
  }
}

// Behind other samples in the columns, which stay.
TEST(MergeQuerierTest, ReadAppends) {
  Calls calls;
  const auto merged =
      Merge(Fake({{kA, Floats({{1, 1}, {5, 5}})}}, &calls), Fake({{kA, Floats({{3, 3}, {5, 6}})}}, &calls));
  SampleColumns columns;
  columns.timestamps = {100};
  columns.values = {7};
  ASSERT_TRUE((*merged->Select(false, {}, {})).series.front()->Read(0, 10, &columns).ok());
  EXPECT_EQ(columns.timestamps, (std::vector<TimestampMs>{100, 1, 3, 5}));
  EXPECT_EQ(columns.values, (std::vector<double>{7, 1, 3, 6}));
}

TEST(MergeQuerierTest, OnePartWithDataIsHandedThrough) {
  Calls calls;
  Calls none;
  const auto merged = Merge(Fake({{kB, Floats({{1, 1}})}, {kA, Floats({{1, 1}})}}, &calls), Fake({}, &none));
  const auto set = merged->Select(false, {}, {});
  ASSERT_EQ(set->series.size(), 2u);
  EXPECT_EQ(set->series.front()->labels(), kB);  // the part's own order
  EXPECT_NE(dynamic_cast<FakeSeries*>(set->series.front().get()), nullptr);
  std::vector<std::unique_ptr<Querier>> one;
  one.push_back(Fake({}, &calls));
  const Querier* only = one.front().get();
  EXPECT_EQ(MergeQueriers(std::move(one)).get(), only);
  EXPECT_TRUE(MergeQueriers(std::vector<MergePart>())->Select(true, {}, {})->series.empty());
}

TEST(MergeQuerierTest, ALimitCutsTheMergedResult) {
  Calls calls;
  const auto merged = Merge(Fake({{kA, Floats({{1, 1}})}, {kC, Floats({{1, 1}})}}, &calls),
                            Fake({{kA, Floats({{2, 2}})}, {kB, Floats({{2, 2}})}}, &calls));
  SelectHints hints;
  hints.limit = 2;
  const auto set = merged->Select(false, hints, {});
  ASSERT_EQ(set->series.size(), 2u);
  EXPECT_EQ(set->series[0]->labels(), kA);
  EXPECT_EQ(set->series[1]->labels(), kB);
  SampleColumns columns;
  ASSERT_TRUE(set->series[0]->Read(0, 10, &columns).ok());
  EXPECT_EQ(columns.timestamps.size(), 2u);
  EXPECT_EQ((*merged->SelectList(hints, {}))->size(), 2u);
}

TEST(MergeQuerierTest, NewestIsAskedOfTheNewestPartFirst) {
  Calls old_calls;
  Calls new_calls;
  const auto merged =
      Merge(Fake({{kA, Floats({{1, 1}, {2, 2}})}}, &old_calls), Fake({{kA, Floats({{9, 9}})}}, &new_calls));
  const auto set = merged->Select(true, {}, {});
  SampleColumns columns;
  ASSERT_TRUE(set->series.front()->ReadNewest(0, 10, &columns).ok());
  EXPECT_EQ(columns.timestamps.back(), 9);
  EXPECT_EQ(old_calls.newest, 0);
  columns.clear();
  ASSERT_TRUE(set->series.front()->ReadNewest(0, 8, &columns).ok());
  EXPECT_EQ(columns.timestamps.back(), 2);
  EXPECT_EQ(old_calls.newest, 1);
  const auto list = merged->SelectList({}, {});
  columns.clear();
  ASSERT_TRUE((*list)->ReadNewest(0, 0, 10, &columns).ok());
  EXPECT_EQ(columns.timestamps.back(), 9);
}

TEST(MergeQuerierTest, NewestLooksIntoOlderPartsThatReachFurther) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Calls calls;
    std::vector<MergePart> parts;
    Samples all;
    for (int part = 0; part < 3; ++part) {
      Samples samples;
      for (std::size_t i = random() % 4; i > 0; --i) {
        samples[static_cast<TimestampMs>(random() % 30)] = {random() % 3 == 0, static_cast<double>(random() % 100), 0};
      }
      for (const auto& [t, sample] : samples) all[t] = sample;
      const TimestampMs maxt = samples.empty() ? 0 : samples.rbegin()->first;
      parts.push_back({Fake({{kA, samples}}, &calls), maxt});
    }
    const auto merged = MergeQueriers(std::move(parts));
    const TimestampMs mint = static_cast<TimestampMs>(random() % 20);
    const TimestampMs maxt = mint + static_cast<TimestampMs>(random() % 20);
    const auto end = all.upper_bound(maxt);
    const bool any = end != all.begin() && std::prev(end)->first >= mint;
    SampleColumns columns;
    ASSERT_TRUE(merged->Select(true, {}, {})->series.front()->ReadNewest(mint, maxt, &columns).ok());
    const Samples found = FromColumns(columns);
    ASSERT_EQ(!found.empty(), any);
    EXPECT_TRUE(!any || *found.rbegin() == *std::prev(end));
  }
}

TEST(MergeQuerierTest, DamageInOnePartLeavesTheOthers) {
  Calls calls;
  auto broken = Fake({{kA, Floats({{1, 1}})}}, &calls);
  broken->read_status = Corruption("a chunk is damaged");
  const auto merged = Merge(std::move(broken), Fake({{kA, Floats({{2, 2}})}}, &calls));
  SampleColumns columns;
  const Status status = merged->Select(true, {}, {})->series.front()->Read(0, 10, &columns);
  EXPECT_EQ(status.code(), Code::kCorruption);
  EXPECT_EQ(columns.timestamps, (std::vector<TimestampMs>{1, 2}));

  const auto with_index_damage = [&](Code code) {
    auto part = Fake({}, &calls);
    part->select_status = Status(code, "the index is damaged");
    part->warnings = {};
    auto good = Fake({{kA, Floats({{2, 2}})}}, &calls);
    good->warnings = {"careful", "careful"};
    return Merge(std::move(part), std::move(good));
  };
  const auto set = with_index_damage(Code::kCorruption)->Select(true, {}, {});
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->series.size(), 1u);
  EXPECT_EQ(set->warnings, (std::vector<std::string>{"careful", "the index is damaged"}));
  const auto list = with_index_damage(Code::kCorruption)->SelectList({}, {});
  EXPECT_EQ((*list)->warnings, (std::vector<std::string>{"careful", "the index is damaged"}));
  EXPECT_EQ((*with_index_damage(Code::kIoError)->LabelNames({}, 0)), (std::vector<std::string>{"a"}));
  EXPECT_EQ(with_index_damage(Code::kCancelled)->Select(true, {}, {}).status().code(), Code::kCancelled);
}

TEST(MergeQuerierTest, LabelsAreMergedAndLimited) {
  Calls calls;
  const auto merged = Merge(Fake({{kA, {}}, {kC, {}}}, &calls), Fake({{kB, {}}, {kC, {}}, {{{"a", "0"}}, {}}}, &calls));
  EXPECT_EQ(*merged->LabelNames({}, 0), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(*merged->LabelNames({}, 2), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*merged->LabelValues("a", {}, 0), (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(*merged->LabelValues("a", {}, 1), (std::vector<std::string>{"0"}));
}

// Values of one label; some stores show them, others have to be visited.
class ValueQuerier final : public Querier {
 public:
  ValueQuerier(std::vector<std::string> values, bool shows, Status status = {})
      : values_(std::move(values)), shows_(shows), status_(std::move(status)) {}
  Result<SeriesSet> Select(bool, const SelectHints&, const std::vector<Matcher>&) override { return SeriesSet(); }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>&, std::size_t) override {
    return std::vector<std::string>();
  }
  Result<std::vector<std::string>> LabelValues(const std::string&, const std::vector<Matcher>&, std::size_t) override {
    if (!status_.ok()) return status_;
    return values_;
  }
  Status VisitLabelValues(const std::string&, const std::vector<Matcher>&,
                          const std::function<bool(std::string_view)>& visit) override {
    for (const std::string& value : values_) {
      // A view that is gone afterwards.
      if (std::string copy = value; !visit(copy)) return {};
    }
    return status_;
  }
  std::optional<std::vector<std::string_view>> LabelValueViews(const std::string&,
                                                               const std::vector<Matcher>&) override {
    if (!shows_) return std::nullopt;
    return std::vector<std::string_view>(values_.begin(), values_.end());
  }

 private:
  const std::vector<std::string> values_;
  const bool shows_;
  const Status status_;
};

std::vector<std::string> Visited(Querier& querier, std::size_t most) {
  std::vector<std::string> out;
  const Status status = querier.VisitLabelValues("a", {}, [&](std::string_view value) {
    EXPECT_LT(out.size(), most) << "asked again after it said no";
    out.emplace_back(value);
    return out.size() < most;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  return out;
}

TEST(MergeVisitTest, ValuesOfAnyPartsAreVisitedInOrderAndOnce) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::unique_ptr<Querier>> parts;
    std::set<std::string> all;
    const std::size_t count = 2 + random() % 4;
    for (std::size_t i = 0; i < count; ++i) {
      std::set<std::string> values;
      for (std::size_t n = random() % 8; n > 0; --n) values.insert(std::to_string(random() % 12));
      all.insert(values.begin(), values.end());
      parts.push_back(std::make_unique<ValueQuerier>(std::vector<std::string>(values.begin(), values.end()),
                                                     round % 3 == 0 || random() % count != 0));
    }
    const auto merged = MergeQueriers(std::move(parts));
    const std::vector<std::string> want(all.begin(), all.end());
    EXPECT_EQ(Visited(*merged, 100), want);
    for (std::size_t most = 1; most <= want.size(); ++most) {
      EXPECT_EQ(Visited(*merged, most),
                std::vector<std::string>(want.begin(), want.begin() + static_cast<std::ptrdiff_t>(most)));
    }
  }
}

TEST(MergeVisitTest, DamageInThePartThatIsVisitedCostsItsValues) {
  const auto merged = [](Code code) {
    std::vector<std::unique_ptr<Querier>> parts;
    parts.push_back(std::make_unique<ValueQuerier>(std::vector<std::string>{"b", "d"}, true));
    parts.push_back(std::make_unique<ValueQuerier>(std::vector<std::string>{"a", "c"}, false, Status(code, "bad")));
    return MergeQueriers(std::move(parts));
  };
  EXPECT_EQ(Visited(*merged(Code::kCorruption), 100), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(merged(Code::kCancelled)->VisitLabelValues("a", {}, [](std::string_view) { return true; }).code(),
            Code::kCancelled);
}

TEST(MergeVisitTest, AWarningIsNoValue) {
  std::vector<std::unique_ptr<Querier>> parts;
  parts.push_back(NewWarningQuerier({"a block is missing"}));
  parts.push_back(std::make_unique<ValueQuerier>(std::vector<std::string>{"a", "c"}, false));
  const auto merged = MergeQueriers(std::move(parts));
  EXPECT_EQ(Visited(*merged, 100), (std::vector<std::string>{"a", "c"}));
  const auto set = merged->Select(false, {}, {});
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->warnings, std::vector<std::string>{"a block is missing"});
  EXPECT_TRUE(merged->LabelNames({}, 0)->empty());
}

}  // namespace
}  // namespace cachescope::storage
