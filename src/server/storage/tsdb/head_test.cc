#include "server/storage/tsdb/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "server/storage/tsdb/admission.h"

namespace cachescope::tsdb {
namespace {

using storage::SeriesRef;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

HeadOptions AnyTime() {
  HeadOptions options;
  options.max_future = 0;
  return options;
}

std::shared_ptr<const FloatHistogram> Histogram(double count) {
  auto h = std::make_shared<FloatHistogram>();
  h->schema = 1;
  h->count = count;
  h->sum = 2 * count;
  h->positive_spans = {{0, 2}};
  h->positive_buckets = {count, 0};
  return h;
}

using FloatSample = std::pair<TimestampMs, double>;

class HeadTest : public testing::Test {
 protected:
  void Store(Head* head, const Labels& labels, const std::vector<FloatSample>& samples) {
    auto appender = head->NewAppender();
    for (const auto& [t, v] : samples) {
      const auto ref = appender->Append(0, labels, t, v);
      ASSERT_TRUE(ref.ok()) << ref.status().ToString();
    }
    ASSERT_TRUE(appender->Commit().ok());
  }
  static Code CodeOf(storage::Appender* appender, const Labels& labels, TimestampMs t, double v) {
    return appender->Append(0, labels, t, v).status().code();
  }
  static std::vector<Matcher> Name(std::string name) { return {Matcher::Equal("__name__", std::move(name))}; }

  static storage::SeriesSet Select(storage::Querier* querier, const std::vector<Matcher>& matchers) {
    auto set = querier->Select(true, {}, matchers);
    EXPECT_TRUE(set.ok());
    return std::move(set).value();
  }
  static std::vector<FloatSample> Read(const storage::Series& series, TimestampMs mint = kMinTime,
                                       TimestampMs maxt = kMaxTime) {
    storage::SampleColumns columns;
    const Status status = series.Read(mint, maxt, &columns);
    EXPECT_TRUE(status.ok()) << status.ToString();
    std::vector<FloatSample> out;
    for (std::size_t i = 0; i < columns.timestamps.size(); ++i)
      out.emplace_back(columns.timestamps[i], columns.values[i]);
    return out;
  }
  static std::vector<FloatSample> ReadAll(Head* head, std::string name) {
    auto querier = head->NewQuerier(kMinTime, kMaxTime);
    const auto set = Select(querier.get(), Name(std::move(name)));
    return set.series.empty() ? std::vector<FloatSample>() : Read(*set.series[0]);
  }

  const Labels m_{{"__name__", "m"}};
};

TEST_F(HeadTest, GivesBackWhatWasCommitted) {
  Head head(AnyTime());
  Store(&head, m_, {{-10, 1}, {0, 2}, {20, 3}});
  EXPECT_THAT(ReadAll(&head, "m"), ElementsAre(Pair(-10, 1), Pair(0, 2), Pair(20, 3)));
  const HeadStats stats = head.stats();
  EXPECT_EQ(stats.series, 1u);
  EXPECT_EQ(stats.chunks, 2u);  // one on each side of zero: chunks do not cross their range
  EXPECT_EQ(stats.samples_appended, 3u);
  EXPECT_EQ(stats.min_time, -10);
  EXPECT_EQ(stats.max_time, 20);
}

TEST_F(HeadTest, AnEmptyHeadHasNoTimes) {
  Head head;
  EXPECT_GT(head.stats().min_time, head.stats().max_time);
  auto querier = head.NewQuerier(kMinTime, kMaxTime);
  EXPECT_THAT(*querier->LabelNames({}, 0), IsEmpty());
  EXPECT_THAT(Select(querier.get(), {}).series, IsEmpty());
}

TEST_F(HeadTest, RefusesWithTheDocumentedCodesAndCountsThem) {
  SimulatedClock clock(1'000'000);
  HeadOptions options;
  options.clock = &clock;
  options.max_series = 1;
  Head head(options);
  Store(&head, m_, {{1000, 1}});
  auto appender = head.NewAppender();
  EXPECT_EQ(CodeOf(appender.get(), m_, 999, 1), Code::kOutOfOrder);
  EXPECT_EQ(CodeOf(appender.get(), m_, 1000, 2), Code::kDuplicateSample);
  EXPECT_EQ(CodeOf(appender.get(), m_, 1000, 1), Code::kOk);
  EXPECT_EQ(CodeOf(appender.get(), m_, 1'000'000 + options.max_future + 1, 1), Code::kOutOfBounds);
  EXPECT_EQ(CodeOf(appender.get(), Labels(), 2000, 1), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(appender.get(), {{"__name__", "n"}}, 2000, 1), Code::kLimitExceeded);
  EXPECT_EQ(CodeOf(appender.get(), m_, 1'000'000 + options.max_future, 1), Code::kOk);
  ASSERT_TRUE(appender->Commit().ok());
  const HeadStats stats = head.stats();
  EXPECT_EQ(stats.out_of_order, 1u);
  EXPECT_EQ(stats.duplicate, 1u);
  EXPECT_EQ(stats.out_of_bounds, 1u);
  EXPECT_EQ(stats.invalid, 1u);
  EXPECT_EQ(stats.over_limit, 1u);
  EXPECT_EQ(stats.samples_appended, 2u);
}

TEST_F(HeadTest, ChecksAgainstTheBatchItself) {
  Head head(AnyTime());
  auto appender = head.NewAppender();
  EXPECT_EQ(CodeOf(appender.get(), m_, 10, 1), Code::kOk);
  EXPECT_EQ(CodeOf(appender.get(), m_, 5, 1), Code::kOutOfOrder);
  EXPECT_EQ(CodeOf(appender.get(), m_, 10, 2), Code::kDuplicateSample);
  EXPECT_EQ(CodeOf(appender.get(), m_, 10, 1), Code::kOk);
  EXPECT_EQ(CodeOf(appender.get(), m_, 11, 2), Code::kOk);
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_THAT(ReadAll(&head, "m"), ElementsAre(Pair(10, 1), Pair(11, 2)));
}

TEST_F(HeadTest, TwoBatchesOnOneSeriesKeepOrder) {
  Head head(AnyTime());
  auto first = head.NewAppender();
  auto second = head.NewAppender();
  EXPECT_EQ(CodeOf(first.get(), m_, 10, 1), Code::kOk);
  EXPECT_EQ(CodeOf(second.get(), m_, 20, 2), Code::kOk);
  EXPECT_EQ(CodeOf(second.get(), m_, 15, 2), Code::kOutOfOrder);
  EXPECT_EQ(CodeOf(second.get(), m_, 20, 3), Code::kDuplicateSample);
  EXPECT_EQ(CodeOf(first.get(), m_, 15, 1), Code::kOk);
  ASSERT_TRUE(second->Commit().ok());
  // The rest of the first batch is older now: refused at once, and what waited is dropped and counted.
  EXPECT_EQ(CodeOf(first.get(), m_, 18, 1), Code::kOutOfOrder);
  ASSERT_TRUE(first->Commit().ok());
  EXPECT_THAT(ReadAll(&head, "m"), ElementsAre(Pair(20, 2)));
  EXPECT_EQ(head.stats().out_of_order, 4u);
}

TEST_F(HeadTest, ABatchIsInvisibleUntilCommit) {
  Head head(AnyTime());
  auto appender = head.NewAppender();
  ASSERT_EQ(CodeOf(appender.get(), m_, 1, 1), Code::kOk);
  auto before = head.NewQuerier(kMinTime, kMaxTime);
  EXPECT_THAT(Select(before.get(), {}).series, IsEmpty());
  EXPECT_THAT(*before->LabelNames({}, 0), IsEmpty());
  EXPECT_THAT(*before->LabelValues("__name__", {}, 0), IsEmpty());
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_THAT(Select(before.get(), {}).series, IsEmpty());
  EXPECT_THAT(*before->LabelValues("__name__", Name("m"), 0), IsEmpty());
  auto after = head.NewQuerier(kMinTime, kMaxTime);
  EXPECT_EQ(Select(after.get(), {}).series.size(), 1u);
}

TEST_F(HeadTest, AQuerierKeepsItsViewOverLaterCommits) {
  HeadOptions options = AnyTime();
  options.samples_per_chunk = 2;
  Head head(options);
  Store(&head, m_, {{1, 1}, {2, 2}, {3, 3}});
  auto first = head.NewQuerier(kMinTime, kMaxTime);
  const auto first_set = Select(first.get(), {});
  Store(&head, m_, {{4, 4}, {5, 5}});
  auto second = head.NewQuerier(kMinTime, kMaxTime);
  const auto second_set = Select(second.get(), {});
  for (int t = 6; t < 20; ++t) Store(&head, m_, {{t, t}});
  Store(&head, {{"__name__", "later"}}, {{1, 1}});
  EXPECT_EQ(Read(*first_set.series[0]).size(), 3u);
  EXPECT_EQ(Read(*second_set.series[0]).size(), 5u);
  EXPECT_EQ(Select(first.get(), {}).series.size(), 1u);
  EXPECT_EQ(ReadAll(&head, "m").size(), 19u);
}

TEST_F(HeadTest, RollbackAndDestructionLeaveNothing) {
  Head head(AnyTime());
  auto appender = head.NewAppender();
  ASSERT_EQ(CodeOf(appender.get(), m_, 1, 1), Code::kOk);
  ASSERT_TRUE(appender->Rollback().ok());
  EXPECT_FALSE(appender->Commit().ok());
  EXPECT_EQ(CodeOf(appender.get(), m_, 1, 1), Code::kInvalidArgument);
  {
    auto forgotten = head.NewAppender();
    ASSERT_EQ(CodeOf(forgotten.get(), m_, 1, 1), Code::kOk);
  }
  EXPECT_THAT(ReadAll(&head, "m"), IsEmpty());
  EXPECT_EQ(head.stats().series, 1u);
  head.Truncate(0);
  EXPECT_EQ(head.stats().series, 0u);
  EXPECT_EQ(head.stats().series_bytes, 0u);
  EXPECT_EQ(head.stats().index_bytes, 0u);
}

TEST_F(HeadTest, ReferencesSkipTheLabels) {
  Head head(AnyTime());
  auto appender = head.NewAppender();
  const SeriesRef ref = *appender->Append(0, m_, 1, 1);
  EXPECT_NE(ref, 0u);
  // Other labels under a good reference go to the referenced series: labels are not looked at.
  EXPECT_EQ(*appender->Append(ref, {{"__name__", "ignored"}}, 2, 2), ref);
  // A reference that means nothing falls back to the labels.
  EXPECT_EQ(*appender->Append(ref + 12345, m_, 3, 3), ref);
  EXPECT_EQ(*appender->Append(~SeriesRef{0}, m_, 4, 4), ref);
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_EQ(ReadAll(&head, "m").size(), 4u);
}

TEST_F(HeadTest, AStaleReferenceFallsBackToTheLabels) {
  Head head(AnyTime());
  Store(&head, m_, {{1, 1}});
  SeriesRef ref = 0;
  {
    auto appender = head.NewAppender();
    ref = *appender->Append(0, m_, 2, 2);
  }
  head.Truncate(100);
  EXPECT_EQ(head.stats().series, 0u);
  auto appender = head.NewAppender();
  const auto fresh = appender->Append(ref, m_, 200, 3);
  ASSERT_TRUE(fresh.ok());
  EXPECT_NE(*fresh, ref);
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_THAT(ReadAll(&head, "m"), ElementsAre(Pair(200, 3)));
}

TEST_F(HeadTest, TruncateDropsChunksAndHidesTheRest) {
  HeadOptions options = AnyTime();
  options.samples_per_chunk = 4;
  Head head(options);
  std::vector<FloatSample> samples;
  for (int t = 1; t <= 10; ++t) samples.emplace_back(t, t);
  Store(&head, m_, samples);
  Store(&head, {{"__name__", "old"}}, {{3, 1}});
  EXPECT_EQ(head.stats().chunks, 4u);
  EXPECT_EQ(head.Truncate(6), 6);
  EXPECT_EQ(head.stats().chunks, 2u);
  EXPECT_EQ(head.stats().series, 1u);
  EXPECT_EQ(head.stats().min_time, 6);
  EXPECT_EQ(ReadAll(&head, "m").size(), 5u);
  auto appender = head.NewAppender();
  EXPECT_EQ(CodeOf(appender.get(), {{"__name__", "new"}}, 5, 1), Code::kTooOld);
  EXPECT_EQ(head.stats().too_old, 1u);
  auto querier = head.NewQuerier(kMinTime, kMaxTime);
  EXPECT_THAT(*querier->LabelValues("__name__", {}, 0), ElementsAre("m"));
}

TEST_F(HeadTest, TruncateWaitsForReadersAndBatches) {
  Head head(AnyTime());
  Store(&head, m_, {{1, 1}});
  Store(&head, {{"__name__", "n"}}, {{1, 1}});
  auto appender = head.NewAppender();
  ASSERT_EQ(CodeOf(appender.get(), {{"__name__", "n"}}, 50, 2), Code::kOk);
  {
    storage::SeriesSet set;
    {
      auto querier = head.NewQuerier(0, 10);
      set = Select(querier.get(), Name("m"));
    }
    EXPECT_EQ(head.Truncate(100), 0);
    EXPECT_THAT(Read(*set.series[0]), ElementsAre(Pair(1, 1)));
  }
  EXPECT_EQ(head.Truncate(40), 40);
  EXPECT_EQ(head.stats().series, 1u);  // "n" has a batch waiting
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_THAT(ReadAll(&head, "n"), ElementsAre(Pair(50, 2)));
}

TEST_F(HeadTest, ResultsOutliveTheHead) {
  storage::SeriesSet set;
  {
    Head head(AnyTime());
    Store(&head, m_, {{1, 1}});
    auto querier = head.NewQuerier(0, 10);
    set = Select(querier.get(), {});
  }
  EXPECT_THAT(Read(*set.series[0]), ElementsAre(Pair(1, 1)));
  EXPECT_EQ(set.series[0]->labels(), m_);
}

TEST_F(HeadTest, ReadAndSelectAreCutToTheRange) {
  Head head(AnyTime());
  Store(&head, m_, {{1, 1}, {2, 2}, {3, 3}, {4, 4}});
  Store(&head, {{"__name__", "late"}}, {{100, 1}});
  auto querier = head.NewQuerier(2, 4);
  const auto set = Select(querier.get(), {});
  ASSERT_EQ(set.series.size(), 1u);
  EXPECT_THAT(Read(*set.series[0]), ElementsAre(Pair(2, 2), Pair(3, 3), Pair(4, 4)));
  EXPECT_THAT(Read(*set.series[0], 3, 3), ElementsAre(Pair(3, 3)));
  EXPECT_THAT(Read(*set.series[0], 5, 3), IsEmpty());
  // Lists are those of the whole head, when the ranges overlap.
  EXPECT_THAT(*querier->LabelValues("__name__", {}, 0), ElementsAre("late", "m"));
  EXPECT_THAT(*head.NewQuerier(5, 99)->LabelValues("__name__", Name("late"), 0), ElementsAre("late"));
  EXPECT_THAT(*head.NewQuerier(101, 200)->LabelValues("__name__", {}, 0), IsEmpty());
  EXPECT_THAT(*head.NewQuerier(-5, 0)->LabelNames({}, 0), IsEmpty());
}

TEST_F(HeadTest, KeepsBitsOfStalenessMarkersAndNan) {
  Head head(AnyTime());
  const double odd = std::bit_cast<double>(std::uint64_t{0xfff8000000001234});
  Store(&head, m_, {{1, StaleMarker()}, {2, odd}, {3, -0.0}});
  auto appender = head.NewAppender();
  EXPECT_EQ(CodeOf(appender.get(), m_, 3, 0.0), Code::kDuplicateSample);
  EXPECT_EQ(CodeOf(appender.get(), m_, 3, -0.0), Code::kOk);
  const auto samples = ReadAll(&head, "m");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_TRUE(IsStaleMarker(samples[0].second));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(samples[1].second), std::bit_cast<std::uint64_t>(odd));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(samples[2].second), std::uint64_t{1} << 63);
}

TEST_F(HeadTest, MixesFloatsAndHistogramsInOneOrderOfTime) {
  Head head(AnyTime());
  auto appender = head.NewAppender();
  ASSERT_EQ(CodeOf(appender.get(), m_, 1, 1), Code::kOk);
  const auto code = [&](TimestampMs t, double count) {
    return appender->AppendHistogram(0, m_, t, Histogram(count)).status().code();
  };
  EXPECT_EQ(code(1, 1), Code::kDuplicateSample);
  EXPECT_EQ(code(0, 1), Code::kOutOfOrder);
  EXPECT_EQ(code(2, 1), Code::kOk);
  EXPECT_EQ(code(2, 1), Code::kOk);
  EXPECT_EQ(code(2, 2), Code::kDuplicateSample);
  EXPECT_EQ(CodeOf(appender.get(), m_, 2, 1), Code::kDuplicateSample);
  EXPECT_EQ(CodeOf(appender.get(), m_, 3, 1), Code::kOk);
  EXPECT_EQ(appender->AppendHistogram(0, m_, 4, nullptr).status().code(), Code::kInvalidArgument);
  ASSERT_TRUE(appender->Commit().ok());
  auto querier = head.NewQuerier(kMinTime, kMaxTime);
  storage::SampleColumns columns;
  ASSERT_TRUE(Select(querier.get(), {}).series[0]->Read(kMinTime, kMaxTime, &columns).ok());
  EXPECT_THAT(columns.timestamps, ElementsAre(1, 3));
  ASSERT_EQ(columns.histograms.size(), 1u);
  EXPECT_EQ(columns.histograms[0].t, 2);
  EXPECT_EQ(columns.histograms[0].h->count, 1);
}

TEST_F(HeadTest, SortsLimitsAndListsWithMatchers) {
  Head head(AnyTime());
  for (const char* job : {"c", "a", "b"}) Store(&head, {{"__name__", "m"}, {"job", job}}, {{1, 1}});
  Store(&head, {{"__name__", "n"}, {"zone", "z"}}, {{1, 1}});
  auto querier = head.NewQuerier(0, 10);
  const auto set = Select(querier.get(), Name("m"));
  ASSERT_EQ(set.series.size(), 3u);
  EXPECT_EQ(set.series[0]->labels().Get("job"), "a");
  EXPECT_EQ(set.series[2]->labels().Get("job"), "c");
  storage::SelectHints hints;
  hints.limit = 2;
  EXPECT_EQ(querier->Select(false, hints, {})->series.size(), 2u);
  const auto limited = querier->Select(true, hints, Name("m"));
  EXPECT_EQ(limited->series[1]->labels().Get("job"), "b");
  EXPECT_THAT(*querier->LabelNames({}, 0), ElementsAre("__name__", "job", "zone"));
  EXPECT_THAT(*querier->LabelNames({}, 2), ElementsAre("__name__", "job"));
  EXPECT_THAT(*querier->LabelNames(Name("n"), 0), ElementsAre("__name__", "zone"));
  EXPECT_THAT(*querier->LabelValues("job", {}, 2), ElementsAre("a", "b"));
  EXPECT_THAT(*querier->LabelValues("job", Name("m"), 2), ElementsAre("a", "b"));
  EXPECT_THAT(*querier->LabelValues("job", Name("n"), 0), IsEmpty());
  EXPECT_EQ(head.CountLabels(10).series_by_metric[0].name, "m");
}

TEST_F(HeadTest, ManySeriesComeAndGo) {
  Head head(AnyTime());
  for (int generation = 0; generation < 5; ++generation) {
    auto appender = head.NewAppender();
    for (int i = 0; i < 2000; ++i) {
      ASSERT_TRUE(
          appender->Append(0, {{"g", std::to_string(generation)}, {"i", std::to_string(i)}}, generation, 1).ok());
    }
    ASSERT_TRUE(appender->Commit().ok());
    head.Truncate(generation);
    EXPECT_EQ(head.stats().series, 2000u);
    auto querier = head.NewQuerier(kMinTime, kMaxTime);
    EXPECT_THAT(*querier->LabelValues("g", {}, 0), ElementsAre(std::to_string(generation)));
    EXPECT_EQ(Select(querier.get(), {Matcher::Equal("i", "77")}).series.size(), 1u);
  }
}

}  // namespace
}  // namespace cachescope::tsdb
