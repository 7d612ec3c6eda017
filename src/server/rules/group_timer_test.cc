#include "server/rules/group_timer.h"

#include <gtest/gtest.h>

namespace cachescope::rules {
namespace {

constexpr DurationMs kMinute = 60'000;

TEST(GroupTimerTest, KeepsToSlotsThatAreTheSameAfterARestart) {
  GroupTimer timer(kMinute, 7'000, 1'000'000'123, 500);
  EXPECT_EQ((timer.due() - 500 + 1'000'000'123 - 7'000) % kMinute, 0);
  const auto first = timer.Take(1'000'000'123 + timer.due() - 500, timer.due());
  EXPECT_EQ((first.time.at - 7'000) % kMinute, 0);
  EXPECT_GE(first.time.at, 1'000'000'123);
  EXPECT_EQ(first.time.steady, first.time.at);
  EXPECT_EQ(first.missed, 0U);
}

TEST(GroupTimerTest, CountsWhatASlowEvaluationMissed) {
  GroupTimer timer(kMinute, 0, 0, 0);
  EXPECT_EQ(timer.Take(0, 0).time.at, 0);
  const auto late = timer.Take(3 * kMinute + 5'000, 3 * kMinute + 5'000);
  EXPECT_EQ(late.time.at, 3 * kMinute);
  EXPECT_EQ(late.time.steady, 3 * kMinute);
  EXPECT_EQ(late.missed, 2U);
  EXPECT_FALSE(late.jumped);
  EXPECT_EQ(timer.due(), 4 * kMinute);
}

TEST(GroupTimerTest, AJumpForwardMakesNoBurstAndNoForRunsOut) {
  GroupTimer timer(kMinute, 0, 0, 0);
  timer.Take(0, 0);
  constexpr DurationMs kDay = 24 * 60 * kMinute;
  const auto after = timer.Take(kDay + kMinute, kMinute);
  EXPECT_EQ(after.time.at, kDay + kMinute);
  EXPECT_EQ(after.time.steady, kMinute) << "a minute has passed, not a day";
  EXPECT_EQ(after.missed, 24U * 60);
  EXPECT_TRUE(after.jumped);
  EXPECT_EQ(timer.due(), 2 * kMinute) << "the next in a minute, not at once";
  const auto next = timer.Take(kDay + 2 * kMinute, 2 * kMinute);
  EXPECT_EQ(next.missed, 0U);
  EXPECT_EQ(next.time.steady, 2 * kMinute);
}

TEST(GroupTimerTest, AJumpBackGoesOnAtOnce) {
  GroupTimer timer(kMinute, 0, 100 * kMinute, 0);
  timer.Take(100 * kMinute, 0);
  const auto after = timer.Take(41 * kMinute, kMinute);
  EXPECT_EQ(after.time.at, 41 * kMinute);
  EXPECT_EQ(after.time.steady, 101 * kMinute);
  EXPECT_EQ(after.missed, 0U);
  EXPECT_TRUE(after.jumped);
  EXPECT_EQ(timer.due(), 2 * kMinute);
}

TEST(GroupTimerTest, AStepOfSecondsIsNoJump) {
  GroupTimer timer(kMinute, 0, 0, 0);
  timer.Take(0, 0);
  const auto back = timer.Take(kMinute - 2'000, kMinute);
  EXPECT_FALSE(back.jumped);
  EXPECT_EQ(back.time.at, kMinute);
  EXPECT_EQ(timer.due(), 2 * kMinute + 2'000) << "back in rhythm with the wall clock";
}

TEST(GroupTimerTest, AFrozenClockDoesNotStopEvaluations) {
  GroupTimer timer(kMinute, 0, 0, 0);
  timer.Take(0, 0);
  TimestampMs steady = 0;
  TimestampMs before = 0;
  for (int i = 0; i < 10; ++i) {
    EXPECT_LE(timer.due() - steady, 2 * kMinute);
    steady = timer.due();
    const auto tick = timer.Take(0, steady);
    EXPECT_GT(tick.time.steady, before) << "`for` goes on";
    before = tick.time.steady;
  }
}

}  // namespace
}  // namespace cachescope::rules
