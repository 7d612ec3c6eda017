#include "cachescope/live_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "client/profile/json_reader_test.h"

namespace cachescope {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using TimePoint = LiveStatistics::TimePoint;

constexpr TimePoint kStart{std::chrono::hours(100)};
constexpr double kMiB = 1024 * 1024;

// Readings number 0 to count - 1, 30 s apart.
void Feed(LiveStatistics& statistics, const std::string& cache, int count,
          const std::function<CacheReading(int)>& reading) {
  for (int i = 0; i < count; ++i) statistics.Record(cache, reading(i), kStart + seconds(30 * i));
}

std::vector<std::string> Ids(const LiveSnapshot& snapshot) {
  std::vector<std::string> ids;
  for (const Recommendation& advice : snapshot.recommendations) ids.push_back(advice.id);
  return ids;
}

LiveStatisticsOptions DefaultMemory() { return {.memory = MemoryThresholds{}}; }

TEST(LiveStatistics, SnapshotIsOverTheHistory) {
  LiveStatistics statistics(DefaultMemory());
  Feed(statistics, "a", 11, [](int i) {
    return CacheReading{.hits = 1000 + 90.0 * i,
                        .misses = 50 + 10.0 * i,
                        .errors = 2.0 * i,
                        .evictions = 3.0 * i,
                        .cleanup_runs = 1.0 * i,
                        .cleanup_removed = 4.0 * i,
                        .entries = 500,
                        .bytes = 2000,
                        .capacity_bytes = 4000};
  });
  const LiveSnapshot snapshot = statistics.Snapshot(kStart + seconds(310));
  ASSERT_EQ(snapshot.caches.size(), 1U);
  const CacheSnapshot& cache = snapshot.caches[0];
  EXPECT_EQ(cache.readings, 11U);
  EXPECT_DOUBLE_EQ(cache.history_seconds, 300);
  EXPECT_DOUBLE_EQ(cache.seconds_since_reading, 10);
  EXPECT_DOUBLE_EQ(cache.hits, 900);
  EXPECT_DOUBLE_EQ(cache.hit_ratio, 0.9);
  EXPECT_DOUBLE_EQ(cache.error_ratio, 20.0 / 1020);
  EXPECT_DOUBLE_EQ(cache.lookups_per_second, 1020.0 / 300);
  EXPECT_DOUBLE_EQ(cache.cleanups_per_hour, 120);
  EXPECT_DOUBLE_EQ(cache.removed_per_cleanup, 4);
  EXPECT_DOUBLE_EQ(cache.fill, 0.5);
  EXPECT_EQ(cache.memory, MemoryLevel::kOk);
  EXPECT_EQ(cache.bytes_trend.direction, TrendDirection::kStable);
  EXPECT_TRUE(std::isnan(cache.seconds_to_full));
  EXPECT_GT(snapshot.process_resident_bytes, 0);
  EXPECT_THAT(snapshot.recommendations, IsEmpty());
}

TEST(LiveStatistics, GrowthIsALineWithItsConfidence) {
  LiveStatistics statistics(DefaultMemory());
  Feed(statistics, "a", 21, [](int i) {
    return CacheReading{
        .hits = 100.0 * i, .bytes = kMiB * (100 + i + (i % 2 == 0 ? 0.1 : -0.1)), .capacity_bytes = 160 * kMiB};
  });
  const CacheSnapshot cache = statistics.Snapshot(kStart).caches[0];
  EXPECT_EQ(cache.bytes_trend.direction, TrendDirection::kGrowing);
  EXPECT_NEAR(cache.bytes_trend.per_hour, 120 * kMiB, kMiB);
  EXPECT_LT(cache.bytes_trend.per_hour_low, 120 * kMiB);
  EXPECT_GT(cache.bytes_trend.per_hour_high, 120 * kMiB);
  EXPECT_GT(cache.bytes_trend.r_squared, 0.99);
  // 40 MiB left at 2 MiB a minute.
  EXPECT_NEAR(cache.seconds_to_full, 1200, 20);
  EXPECT_THAT(Ids(statistics.Snapshot(kStart)), ElementsAre("full_soon"));
}

TEST(LiveStatistics, NoiseIsNoTrend) {
  LiveStatistics statistics(DefaultMemory());
  Feed(statistics, "a", 4, [](int i) { return CacheReading{.bytes = 100.0 * i}; });
  EXPECT_EQ(statistics.Snapshot(kStart).caches[0].bytes_trend.direction, TrendDirection::kUnknown);
  Feed(statistics, "b", 40, [](int i) { return CacheReading{.bytes = i % 2 == 0 ? 1000.0 : 3000.0}; });
  EXPECT_EQ(statistics.Snapshot(kStart).caches[1].bytes_trend.direction, TrendDirection::kStable);
  Feed(statistics, "c", 40, [](int i) { return CacheReading{.bytes = 1e9 + i}; });
  EXPECT_EQ(statistics.Snapshot(kStart).caches[2].bytes_trend.direction, TrendDirection::kStable);
  Feed(statistics, "d", 40, [](int i) { return CacheReading{.bytes = 5000 - 100.0 * i}; });
  EXPECT_EQ(statistics.Snapshot(kStart).caches[3].bytes_trend.direction, TrendDirection::kShrinking);
}

TEST(LiveStatistics, HistoryIsBounded) {
  LiveStatistics statistics({.max_readings = 10, .memory = MemoryThresholds{}});
  Feed(statistics, "a", 1000, [](int i) { return CacheReading{.hits = 5.0 * i, .bytes = 1.0 * i}; });
  const CacheSnapshot cache = statistics.Snapshot(kStart).caches[0];
  EXPECT_EQ(cache.readings, 10U);
  EXPECT_DOUBLE_EQ(cache.history_seconds, 270);
  EXPECT_DOUBLE_EQ(cache.hits, 45);
  EXPECT_DOUBLE_EQ(cache.bytes, 999);
  EXPECT_NEAR(cache.bytes_trend.per_hour, 120, 1e-6);
}

TEST(LiveStatistics, CountersMayStartAnew) {
  LiveStatistics statistics(DefaultMemory());
  const double hits[] = {100, 150, 20, 70};
  Feed(statistics, "a", 4, [&](int i) { return CacheReading{.hits = hits[i]}; });
  EXPECT_DOUBLE_EQ(statistics.Snapshot(kStart).caches[0].hits, 50 + 20 + 50);
}

TEST(LiveStatistics, ReadingsOutOfOrderAreLeftOut) {
  LiveStatistics statistics(DefaultMemory());
  statistics.Record("a", {.hits = 1}, kStart + seconds(10));
  statistics.Record("a", {.hits = 2}, kStart + seconds(10));
  statistics.Record("a", {.hits = 3}, kStart);
  EXPECT_EQ(statistics.Snapshot(kStart).caches[0].readings, 1U);
  EXPECT_EQ(statistics.Snapshot(kStart).caches[0].seconds_since_reading, 0);
}

TEST(LiveStatistics, TotalAddsCachesUp) {
  LiveStatistics statistics(DefaultMemory());
  for (int i = 0; i < 10; ++i) {
    const TimePoint at = kStart + seconds(60 * i);
    statistics.Record("a",
                      {.hits = 30.0 * i,
                       .misses = 0,
                       .cleanup_runs = 1.0 * i,
                       .cleanup_removed = 6.0 * i,
                       .entries = 10,
                       .bytes = 100.0 + i * 50,
                       .capacity_bytes = 1000},
                      at);
    statistics.Record("b", {.hits = 0, .misses = 10.0 * i, .bytes = 100.0 + i * 50, .capacity_bytes = 3000}, at);
  }
  LiveSnapshot snapshot = statistics.Snapshot(kStart + seconds(600));
  EXPECT_DOUBLE_EQ(snapshot.total.hits, 270);
  EXPECT_DOUBLE_EQ(snapshot.total.hit_ratio, 0.75);
  EXPECT_DOUBLE_EQ(snapshot.total.bytes, 1100);
  EXPECT_DOUBLE_EQ(snapshot.total.entries, 10);
  EXPECT_DOUBLE_EQ(snapshot.total.fill, 1100.0 / 4000);
  EXPECT_DOUBLE_EQ(snapshot.total.cleanups_per_hour, 60);
  EXPECT_DOUBLE_EQ(snapshot.total.removed_per_cleanup, 6);
  EXPECT_EQ(snapshot.total.readings, 10U);
  EXPECT_EQ(snapshot.total.bytes_trend.direction, TrendDirection::kGrowing);
  EXPECT_NEAR(snapshot.total.bytes_trend.per_hour, 6000, 1);
  statistics.Forget("b");
  statistics.Forget("none");
  snapshot = statistics.Snapshot(kStart + seconds(600));
  EXPECT_EQ(snapshot.caches.size(), 1U);
  EXPECT_DOUBLE_EQ(snapshot.total.hits, 270);
}

TEST(LiveStatistics, CachesAreBounded) {
  LiveStatistics statistics({.max_caches = 2, .memory = MemoryThresholds{}});
  for (const char* name : {"a", "b", "c", "d"}) statistics.Record(name, {}, kStart);
  EXPECT_EQ(statistics.Snapshot(kStart).caches.size(), 2U);
  EXPECT_EQ(statistics.Snapshot(kStart).refused, 2U);
}

TEST(LiveStatistics, MemoryLevels) {
  LiveStatistics statistics(DefaultMemory());
  statistics.Record("own", {.bytes = 600, .capacity_bytes = 10000}, kStart);
  statistics.SetMemoryThresholds("own", {.warning_bytes = 500, .critical_bytes = 700});
  statistics.Record("full", {.bytes = 96, .capacity_bytes = 100}, kStart);
  statistics.Record("unlimited", {.bytes = 600 * kMiB}, kStart);
  const LiveSnapshot snapshot = statistics.Snapshot(kStart);
  EXPECT_EQ(snapshot.caches[0].memory, MemoryLevel::kCritical);
  EXPECT_EQ(snapshot.caches[1].memory, MemoryLevel::kWarning);
  EXPECT_EQ(snapshot.caches[2].memory, MemoryLevel::kUnknown);
  EXPECT_EQ(snapshot.total.memory, MemoryLevel::kWarning);
  ASSERT_EQ(snapshot.recommendations.size(), 3U);
  EXPECT_EQ(snapshot.recommendations[0].id, "memory_critical");
  EXPECT_EQ(snapshot.recommendations[0].cache, "full");
  EXPECT_EQ(snapshot.recommendations[1].cache, "");
  EXPECT_EQ(snapshot.recommendations[1].evidence[1].name, "warning_bytes");
  EXPECT_EQ(snapshot.recommendations[2].cache, "own");
}

struct EnvironmentGuard {
  EnvironmentGuard(const char* variable, const char* value) : name(variable) { setenv(variable, value, 1); }
  ~EnvironmentGuard() { unsetenv(name); }
  EnvironmentGuard(const EnvironmentGuard&) = delete;
  EnvironmentGuard& operator=(const EnvironmentGuard&) = delete;
  const char* name;
};

TEST(LiveStatistics, ThresholdsComeFromTheEnvironment) {
  std::vector<std::string> errors;
  EXPECT_EQ(MemoryThresholdsFromEnvironment(&errors).warning_bytes, 500 * kMiB);
  EXPECT_EQ(MemoryThresholdsFromEnvironment().critical_bytes, 1000 * kMiB);
  const EnvironmentGuard warning("CACHE_MEMORY_WARNING_THRESHOLD_MB", "1.5");
  EXPECT_EQ(MemoryThresholdsFromEnvironment(&errors).warning_bytes, 1.5 * kMiB);
  EXPECT_EQ(LiveStatisticsOptions().memory.warning_bytes, 1.5 * kMiB);
  EXPECT_THAT(errors, IsEmpty());
  for (const char* bad : {"many", "0", "-3", "1e999", "nan", "inf", "12MB"}) {
    const EnvironmentGuard critical("CACHE_MEMORY_CRITICAL_THRESHOLD_MB", bad);
    errors.clear();
    EXPECT_EQ(MemoryThresholdsFromEnvironment(&errors).critical_bytes, 1000 * kMiB);
    EXPECT_THAT(errors, ElementsAre("cannot use CACHE_MEMORY_CRITICAL_THRESHOLD_MB: \"" + std::string(bad) +
                                    "\" is not a number above 0"));
  }
  const EnvironmentGuard critical("CACHE_MEMORY_CRITICAL_THRESHOLD_MB", "1");
  errors.clear();
  EXPECT_EQ(MemoryThresholdsFromEnvironment(&errors).warning_bytes, 500 * kMiB);
  EXPECT_THAT(errors, ElementsAre("cannot use CACHE_MEMORY_WARNING_THRESHOLD_MB: it is above the critical threshold"));
}

TEST(LiveStatistics, SourcesAreAskedAtEachSample) {
  LiveStatistics statistics(DefaultMemory());
  double hits = 0;
  const std::uint64_t id = statistics.AddSource("a", [&] { return CacheReading{.hits = hits += 10}; });
  statistics.AddSource("broken", []() -> CacheReading { throw std::runtime_error("x"); });
  for (int i = 0; i < 3; ++i) statistics.Sample(kStart + seconds(i));
  LiveSnapshot snapshot = statistics.Snapshot(kStart + seconds(3));
  ASSERT_EQ(snapshot.caches.size(), 1U);
  EXPECT_EQ(snapshot.caches[0].hits, 20);
  EXPECT_EQ(snapshot.source_errors, 3U);
  statistics.RemoveSource(id);
  statistics.Sample(kStart + seconds(4));
  EXPECT_EQ(hits, 30);
}

TEST(LiveStatistics, ARegistryIsASource) {
  Registry registry({.namespace_ = "shop"});
  const std::vector<std::string> labels = {"cache_tier", "cache_name"};
  const Counter hits = registry.Counter({.name = "cache_hits_total", .labels = labels}).With({"l1", "users"});
  const Counter misses = registry.Counter({.name = "cache_misses_total", .labels = labels}).With({"l1", "users"});
  const CounterFamily operations =
      registry.Counter({.name = "cache_operations_total", .labels = {"operation_type", "cache_tier", "cache_name"}});
  const Gauge bytes = registry.Gauge({.name = "cache_memory_usage_bytes", .labels = labels}).With({"l1", "users"});
  const Gauge percent = registry.Gauge({.name = "cache_memory_usage_percent", .labels = labels}).With({"l1", "users"});
  registry.Counter({.name = "cache_hits_total", .labels = {"cache_layer"}, .subsystem = "layers"})
      .With({"global"})
      .Increment();
  registry.Counter({.name = "xcache_hits_total", .labels = {"cache_name"}}).With({"no"}).Increment();
  LiveStatistics statistics(DefaultMemory());
  const std::uint64_t id = statistics.AddRegistry(registry);
  statistics.Sample(kStart);
  hits.Increment(70);
  misses.Increment(20);
  operations.With({"get", "l1", "users"}).Increment(100);
  operations.With({"set", "l1", "users"}).Increment(33);
  bytes.Set(300);
  percent.Set(75);
  statistics.Sample(kStart + seconds(30));
  statistics.RemoveSource(id);
  const LiveSnapshot snapshot = statistics.Snapshot(kStart + seconds(30));
  ASSERT_EQ(snapshot.caches.size(), 1U);
  const CacheSnapshot& cache = snapshot.caches[0];
  EXPECT_EQ(cache.name, "l1/users");
  EXPECT_EQ(cache.hits, 70);
  EXPECT_EQ(cache.errors, 10);
  EXPECT_EQ(cache.bytes, 300);
  EXPECT_DOUBLE_EQ(cache.capacity_bytes, 400);
  EXPECT_TRUE(std::isnan(cache.entries));
}

TEST(LiveStatistics, RecommendationsNameWhatIsWrong) {
  LiveStatistics statistics(DefaultMemory());
  const auto ids_of = [&](const char* name, const std::function<CacheReading(int)>& reading) {
    Feed(statistics, name, 41, reading);
    const auto ids = Ids(statistics.Snapshot(kStart + seconds(1200)));
    for (const Recommendation& advice : statistics.Snapshot(kStart).recommendations) {
      EXPECT_EQ(advice.cache, name);
      EXPECT_FALSE(advice.evidence.empty());
      EXPECT_FALSE(advice.advice.empty());
    }
    statistics.Forget(name);
    return ids;
  };
  EXPECT_THAT(ids_of("low", [](int i) { return CacheReading{.hits = 3.0 * i, .misses = 7.0 * i}; }),
              ElementsAre("low_hit_ratio"));
  EXPECT_THAT(ids_of("few", [](int i) { return CacheReading{.hits = i / 10.0, .misses = 1.0 * i}; }), IsEmpty());
  EXPECT_THAT(ids_of("errors", [](int i) { return CacheReading{.hits = 90.0 * i, .errors = 10.0 * i}; }),
              ElementsAre("high_error_ratio"));
  EXPECT_THAT(
      ids_of("falling", [](int i) { return CacheReading{.hits = 100.0 * i - i * i / 2.0, .misses = i * i / 2.0}; }),
      ElementsAre("falling_hit_ratio"));
  EXPECT_THAT(ids_of("pressed",
                     [](int i) { return CacheReading{.hits = 80.0 * i, .misses = 20.0 * i, .evictions = 20.0 * i}; }),
              ElementsAre("eviction_pressure"));
  EXPECT_THAT(ids_of("leaking", [](int i) { return CacheReading{.hits = 10.0 * i, .bytes = 1000.0 + 100.0 * i}; }),
              ElementsAre("unbounded_growth"));
  EXPECT_THAT(ids_of("unused", [](int) { return CacheReading{.bytes = 1000}; }), ElementsAre("unused_cache"));
  EXPECT_THAT(ids_of("large", [](int i) { return CacheReading{.hits = 10.0 * i, .bytes = 10, .capacity_bytes = 100}; }),
              ElementsAre("oversized_cache"));
  EXPECT_THAT(ids_of("idle", [](int i) { return CacheReading{.hits = 10.0 * i, .cleanup_runs = 1.0 * i}; }),
              ElementsAre("idle_cleanup"));
  EXPECT_THAT(
      ids_of("dead",
             [](int i) { return CacheReading{.hits = 10.0 * i, .expirations = 1.0 * i, .entries = 100.0 + 10.0 * i}; }),
      ElementsAre("missing_cleanup"));
}

TEST(LiveStatistics, JsonIsValidAndTextReadable) {
  LiveStatistics statistics(DefaultMemory());
  EXPECT_TRUE(client::IsJsonForTest(Json(statistics.Snapshot(kStart))));
  EXPECT_TRUE(client::IsJsonForTest(Json(LiveSnapshot{})));
  Feed(statistics, "a\n\"\xff", 20,
       [](int i) { return CacheReading{.hits = 30.0 * i, .misses = 70.0 * i, .bytes = 1e6 * (i + 1)}; });
  const LiveSnapshot snapshot = statistics.Snapshot(kStart + seconds(600));
  const std::string json = Json(snapshot);
  EXPECT_TRUE(client::IsJsonForTest(json)) << json;
  EXPECT_THAT(json, HasSubstr("\"hit_ratio\":0.3,"));
  EXPECT_THAT(json, HasSubstr("\"seconds_to_full\":null"));
  EXPECT_THAT(json, HasSubstr("{\"id\":\"low_hit_ratio\",\"severity\":\"warning\",\"cache\":"));
  const std::string text = Text(snapshot);
  EXPECT_THAT(text, HasSubstr("growing 114 MiB/h"));
  EXPECT_THAT(text,
              HasSubstr("warning low_hit_ratio a \"\xEF\xBF\xBD: hit_ratio 0.30, lookups 1900\n  Few lookups hit"));
}

TEST(LiveStatistics, TheThreadSamplesUntilStopped) {
  std::optional<LiveStatistics> statistics(DefaultMemory());
  std::atomic<int> calls{0};
  statistics->AddSource("a", [&] { return CacheReading{.hits = static_cast<double>(++calls)}; });
  statistics->Stop();
  statistics->Start(std::chrono::hours(1));
  while (calls < 1) std::this_thread::yield();
  statistics->Start(std::chrono::milliseconds(10));
  while (calls < 4) std::this_thread::yield();
  EXPECT_FALSE(statistics->Snapshot().caches.empty());
  statistics->Stop();
  const int stopped = calls;
  statistics->Start();
  while (calls < stopped + 1) std::this_thread::yield();
  statistics.reset();
}

TEST(LiveStatistics, ManyThreads) {
  LiveStatistics statistics(DefaultMemory());
  statistics.Start(std::chrono::milliseconds(10));
  std::vector<std::thread> workers;
  for (int t = 0; t < 4; ++t) {
    workers.emplace_back([&, t] {
      const std::string name = "cache" + std::to_string(t);
      for (int i = 0; i < 100; ++i) {
        const std::uint64_t id =
            statistics.AddSource(name, [i] { return CacheReading{.hits = static_cast<double>(i)}; });
        statistics.Record(name, {.hits = static_cast<double>(i)});
        statistics.Snapshot();
        statistics.RemoveSource(id);
        if (i % 10 == 0) statistics.Forget(name);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace
}  // namespace cachescope
