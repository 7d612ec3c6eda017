// Start times and counter reset hints as they are read back from the head.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {
namespace {

using ::testing::ElementsAre;

class HeadStartsTest : public ::testing::Test {
 protected:
  static HeadOptions AnyTime() {
    HeadOptions options;
    options.max_future = 0;
    options.samples_per_chunk = 3;
    return options;
  }
  storage::SampleColumns Read(TimestampMs mint, TimestampMs maxt) {
    const auto list = head_.NewQuerier(mint, maxt)->SelectList({}, {Matcher::Equal("__name__", "c")});
    storage::SampleColumns out;
    EXPECT_EQ((*list)->size(), 1u);
    EXPECT_TRUE((*list)->Read(0, mint, maxt, &out).ok());
    return out;
  }
  static std::shared_ptr<FloatHistogram> Histogram(double a, double b) {
    auto h = std::make_shared<FloatHistogram>();
    h->count = a + b;
    h->positive_spans = {{0, 1}, {2, 1}};
    h->positive_buckets = {a, b};
    return h;
  }

  Head head_{AnyTime()};
  const Labels labels_{{"__name__", "c"}};
};

TEST_F(HeadStartsTest, StartsComeBackAcrossChunks) {
  auto appender = head_.NewAppender();
  const TimestampMs starts[] = {0, 0, 500, 500, 500, 3000, 0, 4000};
  for (TimestampMs i = 0; i < 8; ++i) {
    ASSERT_TRUE(appender->AppendStarted(0, labels_, (i + 1) * 1000, starts[i], 1.0 * static_cast<double>(i)).ok());
  }
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_THAT(Read(0, 10'000).starts, ElementsAre(0, 0, 500, 500, 500, 3000, 0, 4000));
  EXPECT_THAT(Read(4000, 6000).starts, ElementsAre(500, 500, 3000));
  head_.Truncate(5000);
  EXPECT_THAT(Read(5000, 10'000).starts, ElementsAre(500, 3000, 0, 4000));
}

TEST_F(HeadStartsTest, SeriesWithoutStartsHaveNoColumn) {
  auto appender = head_.NewAppender();
  ASSERT_TRUE(appender->Append(0, labels_, 1000, 1).ok());
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_TRUE(Read(0, 2000).starts.empty());
}

TEST_F(HeadStartsTest, HistogramsThatGoOnAreKnownNotToBeResets) {
  auto appender = head_.NewAppender();
  TimestampMs t = 0;
  for (const auto& h : {Histogram(1, 1), Histogram(2, 1), Histogram(1, 3), Histogram(1, 4)}) {
    ASSERT_TRUE(appender->AppendStartedHistogram(0, labels_, t += 1000, 100, h).ok());
  }
  ASSERT_TRUE(appender->Commit().ok());
  std::vector<CounterResetHint> hints;
  for (const auto& sample : Read(0, 10'000).histograms) {
    hints.push_back(sample.h->reset_hint);
    EXPECT_EQ(sample.start, 100);
  }
  EXPECT_THAT(hints, ElementsAre(CounterResetHint::kUnknown, CounterResetHint::kNotReset, CounterResetHint::kUnknown,
                                 CounterResetHint::kNotReset));
  // The same sample again is no duplicate, although what is stored has a hint.
  auto again = head_.NewAppender();
  EXPECT_TRUE(again->AppendHistogram(0, labels_, 4000, Histogram(1, 4)).ok());
}

}  // namespace
}  // namespace cachescope::tsdb
