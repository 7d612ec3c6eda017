// Trends of hit ratios and cleanups, for each cache and over all.
#include <gtest/gtest.h>

#include <cmath>

#include "cachescope/live_statistics.h"

namespace cachescope {
namespace {

using std::chrono::seconds;
using TimePoint = LiveStatistics::TimePoint;

constexpr TimePoint kStart{std::chrono::hours(100)};

TimePoint At(int i) { return kStart + seconds(60 * i); }

TEST(LiveTrends, CleanupsThatBecomeRarerShrink) {
  LiveStatistics statistics({.memory = MemoryThresholds{}});
  double runs = 0;
  for (int i = 0; i < 20; ++i) {
    runs += 40 - i;  // in each minute one fewer
    statistics.Record("a", {.hits = 1.0 * i, .cleanup_runs = runs}, At(i));
    statistics.Record("steady", {.hits = 1.0 * i, .cleanup_runs = 2.0 * i}, At(i));
    statistics.Record("none", {.hits = 1.0 * i}, At(i));
  }
  const LiveSnapshot snapshot = statistics.Snapshot(At(20));
  const Trend& a = snapshot.caches[0].cleanups_trend;
  EXPECT_EQ(a.direction, TrendDirection::kShrinking);
  EXPECT_NEAR(a.per_hour, -3600, 1e-6) << "runs per hour, per hour: one fewer in each minute";
  EXPECT_EQ(a.readings, 19U);
  EXPECT_EQ(snapshot.caches[1].name, "none");
  EXPECT_EQ(snapshot.caches[1].cleanups_trend.direction, TrendDirection::kStable);
  EXPECT_EQ(snapshot.caches[2].cleanups_trend.direction, TrendDirection::kStable);
  EXPECT_EQ(snapshot.total.cleanups_trend.direction, TrendDirection::kShrinking);
  EXPECT_NEAR(snapshot.total.cleanups_trend.per_hour, -3600, 1e-6);
}

TEST(LiveTrends, TheTotalHasAHitRatioTrendAndATimeToFull) {
  LiveStatistics statistics({.memory = MemoryThresholds{}});
  double hits = 0;
  for (int i = 0; i < 20; ++i) {
    hits += 100 - 2 * i;
    statistics.Record("a", {.hits = hits, .misses = 100.0 * i, .bytes = 1000.0 + 60 * i, .capacity_bytes = 4000},
                      At(i));
    statistics.Record("b", {.hits = 5, .misses = 7, .bytes = 2000, .capacity_bytes = 2500}, At(i));
  }
  const LiveSnapshot snapshot = statistics.Snapshot(At(20));
  EXPECT_EQ(snapshot.total.hit_ratio_trend.direction, TrendDirection::kShrinking);
  EXPECT_DOUBLE_EQ(snapshot.total.hit_ratio_trend.per_hour, snapshot.caches[0].hit_ratio_trend.per_hour);
  EXPECT_DOUBLE_EQ(snapshot.total.hits, snapshot.caches[0].hits);
  // 1000 + 60 · 19 + 2000 of 6500 bytes, 60 a minute.
  EXPECT_NEAR(snapshot.total.seconds_to_full, (6500 - 4140) / 60.0 * 60, 1e-6);
  EXPECT_TRUE(std::isnan(snapshot.caches[1].seconds_to_full)) << "b does not grow";
}

TEST(LiveTrends, ACacheThatIsForgottenOrStartsAnewIsNoTrend) {
  LiveStatistics statistics({.memory = MemoryThresholds{}});
  for (int i = 0; i < 20; ++i) {
    statistics.Record("a", {.hits = 50.0 * (i % 10), .misses = 50.0 * (i % 10)}, At(i));
    if (i < 10) statistics.Record("b", {.hits = 1e6 * i, .misses = 1e6 * i}, At(i));
    if (i == 10) statistics.Forget("b");
  }
  const LiveSnapshot snapshot = statistics.Snapshot(At(20));
  EXPECT_EQ(snapshot.total.hit_ratio_trend.direction, TrendDirection::kStable);
  EXPECT_DOUBLE_EQ(snapshot.total.hit_ratio, 0.5);
}

}  // namespace
}  // namespace cachescope
