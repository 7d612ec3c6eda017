#include "cachescope/timer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"

namespace cachescope {
namespace {

using testing::HasSubstr;

TEST(ScopedTimer, RecordsOnce) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h_seconds"});
  const Summary summary = registry.Summary({.name = "s_seconds"});
  { const ScopedTimer timer(histogram); }
  {
    ScopedTimer timer(summary);
    EXPECT_GE(timer.Stop(), 0);
    EXPECT_EQ(timer.Stop(), 0);
  }
  {
    ScopedTimer timer(histogram);
    timer.Cancel();
  }
  EXPECT_EQ(histogram.Count(), 1U);
  EXPECT_EQ(summary.Count(), 1U);
  EXPECT_GT(histogram.Sum(), 0);
  EXPECT_LT(histogram.Sum(), 60);
}

TEST(ScopedTimer, TimeGivesTheResultAndRecordsThrows) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h_seconds"});
  EXPECT_EQ(Time(histogram, [] { return 7; }), 7);
  int value = 3;
  int& reference = Time(histogram, [&]() -> int& { return value; });
  EXPECT_EQ(&reference, &value);
  EXPECT_THROW(Time(histogram, [] { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_EQ(histogram.Count(), 3U);
}

TEST(TimerSet, StartsAndStopsById) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h_seconds"});
  TimerSet timers(registry);
  const TimerId a = timers.Start();
  const TimerId b = timers.Start();
  EXPECT_NE(a, b);
  EXPECT_EQ(timers.running(), 2U);
  EXPECT_GE(timers.Stop(b, histogram).value(), 0);
  EXPECT_FALSE(timers.Stop(b, histogram)) << "stopped already";
  EXPECT_TRUE(timers.Cancel(a));
  EXPECT_FALSE(timers.Cancel(a));
  EXPECT_FALSE(timers.Stop(TimerId()));
  EXPECT_FALSE(timers.Stop(TimerId{~std::uint64_t{0}}));
  EXPECT_FALSE(timers.Stop(TimerId{12345}));
  EXPECT_EQ(histogram.Count(), 1U);
  EXPECT_EQ(timers.running(), 0U);
  EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_timers_dropped_total 4\n"));
}

TEST(TimerSet, IsBoundedAndCountsWhatItRefuses) {
  Registry registry;
  TimerSet timers(registry, {.max_running = 3});
  std::vector<TimerId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(timers.Start());
  EXPECT_FALSE(timers.Start());
  EXPECT_FALSE(timers.Start());
  EXPECT_TRUE(timers.Stop(ids[1]));
  EXPECT_TRUE(timers.Start());
  EXPECT_EQ(timers.running(), 3U);
  EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_timers_dropped_total 2\n"));
}

TEST(TimerSet, GivesUpAbandonedTimersWhenFull) {
  Registry registry;
  TimerSet timers(registry, {.max_running = 2, .max_age = std::chrono::milliseconds(0)});
  const TimerId old = timers.Start();
  (void)timers.Start();
  EXPECT_TRUE(timers.Start());
  EXPECT_FALSE(timers.Stop(old));
  EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_timers_dropped_total 3\n"));
}

TEST(TimerSet, ThreadsHandTimersToEachOther) {
  Registry registry({.self_metrics = false});
  const Histogram histogram = registry.Histogram({.name = "h_seconds"});
  TimerSet timers(registry, {.max_running = 64});
  std::atomic<int> stopped{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        const TimerId a = timers.Start();
        const TimerId b = timers.Start();
        ASSERT_TRUE(a && b);
        ASSERT_NE(a, b);
        stopped += timers.Stop(a, histogram).has_value();
        stopped += timers.Stop(b, histogram).has_value();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stopped, 40000);
  EXPECT_EQ(histogram.Count(), 40000U);
  EXPECT_EQ(timers.running(), 0U);
}

TEST(TimerSet, DoesNotAllocate) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h_seconds"});
  TimerSet timers(registry);
  histogram.Record(1);
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 100; ++i) {
    const ScopedTimer scoped(histogram);
    timers.Stop(timers.Start(), histogram);
  }
  EXPECT_EQ(client::AllocationCountForTest(), before);
}

}  // namespace
}  // namespace cachescope
