// Appending by reference alone: as Append where the reference means something, kNotFound where it does not.
#include "server/storage/known_series.h"

#include <gtest/gtest.h>

#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {
namespace {

class KnownSeriesTest : public ::testing::Test {
 protected:
  KnownSeriesTest() {
    HeadOptions options;
    options.clock = &clock_;
    head_ = std::make_unique<Head>(options);
  }
  storage::SeriesRef Create(TimestampMs t) {
    const auto appender = head_->NewAppender();
    const auto ref = appender->Append(0, labels_, t, 1);
    EXPECT_TRUE(ref.ok() && appender->Commit().ok());
    return ref.ok() ? *ref : 0;
  }
  Status AppendKnown(storage::SeriesRef ref, TimestampMs t, double v) {
    const auto appender = head_->NewAppender();
    auto* const known = dynamic_cast<storage::KnownSeriesAppender*>(appender.get());
    if (known == nullptr) return Internal("the head's appender knows no references");
    const Status status = known->AppendKnown(ref, t, v);
    EXPECT_TRUE(appender->Commit().ok());
    return status;
  }

  SimulatedClock clock_{1'000'000};
  const Labels labels_{{"__name__", "a"}};
  std::unique_ptr<Head> head_;
};

TEST_F(KnownSeriesTest, AppendsAndRefusesAsAppendDoes) {
  const storage::SeriesRef ref = Create(1000);
  EXPECT_TRUE(AppendKnown(ref, 2000, 2).ok());
  EXPECT_TRUE(AppendKnown(ref, 2000, 2).ok());
  EXPECT_EQ(AppendKnown(ref, 2000, 3).code(), Code::kDuplicateSample);
  EXPECT_EQ(AppendKnown(ref, 1500, 3).code(), Code::kOutOfOrder);
  EXPECT_EQ(AppendKnown(ref, 1'000'000'000, 3).code(), Code::kOutOfBounds);
  storage::SampleColumns columns;
  const auto set = head_->NewQuerier(0, 10'000)->Select(false, {}, {Matcher::Equal("__name__", "a")});
  ASSERT_TRUE(set.ok());
  ASSERT_EQ(set->series.size(), 1U);
  ASSERT_TRUE(set->series[0]->Read(0, 10'000, &columns).ok());
  EXPECT_EQ(columns.timestamps, (std::vector<TimestampMs>{1000, 2000}));
}

TEST_F(KnownSeriesTest, KnowsWhatItDoesNotKnow) {
  EXPECT_EQ(AppendKnown(0, 1000, 1).code(), Code::kNotFound);
  EXPECT_EQ(AppendKnown(12345, 1000, 1).code(), Code::kNotFound);
  const storage::SeriesRef ref = Create(1000);
  head_->Truncate(5000);
  EXPECT_EQ(AppendKnown(ref, 6000, 1).code(), Code::kNotFound);
}

}  // namespace
}  // namespace cachescope::tsdb
