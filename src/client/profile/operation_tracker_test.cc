#include "cachescope/operation_tracker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "client/profile/json_reader_test.h"

namespace cachescope {
namespace {

struct OperationTrackerTest : testing::Test {
  Profiler profiler;
  ErrorTracker errors;
  OperationTracker tracker{profiler, errors};
};

TEST_F(OperationTrackerTest, TracksAndGivesTheResult) {
  EXPECT_EQ(tracker.Track("add", [] { return 1 + 1; }), 2);
  int value = 0;
  int& same = tracker.Track("ref", [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);
  EXPECT_EQ(*tracker.Track("move", [] { return std::make_unique<int>(3); }), 3);
  tracker.Track("void", [&] { EXPECT_EQ(profiler.Report().active.size(), 1U); });
  const OperationSummary summary = tracker.Summary();
  EXPECT_EQ(summary.profile.count, 4U);
  EXPECT_EQ(summary.profile.success_rate, 1);
  EXPECT_EQ(summary.errors.total, 0U);
  EXPECT_EQ(summary.errors.operations.size(), 4U);
}

TEST_F(OperationTrackerTest, AnExceptionIsCountedAndGoesOn) {
  EXPECT_THROW(tracker.Track("load", []() -> int { throw std::out_of_range("key 7"); }), std::out_of_range);
  const OperationSummary summary = tracker.Summary();
  EXPECT_EQ(summary.profile.failures, 1U);
  ASSERT_EQ(summary.errors.errors.size(), 1U);
  EXPECT_EQ(summary.errors.errors[0].error_class, "std::out_of_range");
  EXPECT_EQ(summary.errors.errors[0].last_message, "key 7");
  EXPECT_EQ(summary.errors.operations[0].error_ratio, 1);
}

TEST_F(OperationTrackerTest, StartedOperationsEndWellOrNot) {
  const OperationTracker::TimePoint start{std::chrono::hours(10)};
  const OperationId good = tracker.Start("job", start);
  const OperationId bad = tracker.Start("job", start);
  EXPECT_EQ(tracker.Summary(start + std::chrono::seconds(3)).profile.active[0].seconds, 3);
  EXPECT_TRUE(tracker.Stop(good, start + std::chrono::seconds(1)));
  EXPECT_TRUE(tracker.Fail(bad, "disk", "no space", start + std::chrono::seconds(2)));
  EXPECT_FALSE(tracker.Fail(bad, "disk"));
  EXPECT_FALSE(tracker.Stop(good));
  const OperationSummary summary = tracker.Summary(start + std::chrono::seconds(4));
  EXPECT_EQ(summary.profile.count, 2U);
  EXPECT_EQ(summary.profile.operations[0].max, 2);
  EXPECT_EQ(summary.errors.errors[0].operation, "job");
  EXPECT_EQ(summary.errors.operations[0].error_ratio, 0.5);
  EXPECT_TRUE(client::IsJsonForTest(Json(summary))) << Json(summary);
  EXPECT_NE(Text(summary).find("job disk: 1, last 2.00 s ago: no space\n"), std::string::npos) << Text(summary);
}

}  // namespace
}  // namespace cachescope
