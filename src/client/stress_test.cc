// Many threads create, use and destroy instruments while others scrape. Run under the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"

namespace cachescope {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 300;

double ValueOf(const Registry& registry, const std::string& name) {
  for (const FamilySnapshot& family : registry.Collect()) {
    if (family.name == name && !family.series.empty()) return family.series[0].value;
  }
  return -1;
}

// Threads begin, count and end all the time; what a scraper sees never goes back and ends exact.
TEST(Stress, ScrapesNeverSeeACounterGoBackWhileThreadsEnd) {
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "a_total"});
  const Histogram histogram = registry.Histogram({.name = "h", .buckets = {1, 2}});
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    double last = 0;
    double last_count = 0;
    while (!done.load()) {
      const std::vector<FamilySnapshot> all = registry.Collect();
      ASSERT_EQ(all.size(), 2U);
      ASSERT_GE(all[0].series[0].value, last);
      last = all[0].series[0].value;
      const auto count = static_cast<double>(all[1].series[0].buckets.back().cumulative_count);
      ASSERT_GE(count, last_count);
      last_count = count;
    }
  });
  std::vector<std::thread> starters;
  for (int t = 0; t < kThreads; ++t) {
    starters.emplace_back([&] {
      for (int i = 0; i < kRounds / 3; ++i) {
        std::thread([&] {
          for (int j = 0; j < 100; ++j) {
            counter.Increment();
            counter.Increment(0.5);
            histogram.Record(1.5);
          }
        }).join();
      }
    });
  }
  for (std::thread& starter : starters) starter.join();
  done = true;
  scraper.join();
  constexpr double kTotal = kThreads * (kRounds / 3) * 100.0;
  EXPECT_EQ(counter.Value(), kTotal * 1.5);
  EXPECT_EQ(static_cast<double>(histogram.Count()), kTotal);
  EXPECT_EQ(histogram.Sum(), kTotal * 1.5);
}

TEST(Stress, SeriesComeAndGoWhileScraped) {
  Registry registry({.max_series = 20});
  const CounterFamily counters = registry.Counter({.name = "a_total", .labels = {"x"}});
  const GaugeFamily gauges = registry.Gauge({.name = "g", .labels = {"x"}});
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    while (!done.load()) {
      (void)Text(registry);
      (void)registry.Collect();
    }
  });
  std::vector<std::thread> workers;
  for (int t = 0; t < kThreads; ++t) {
    workers.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        const std::string value = std::to_string((i * 7 + t) % 40);
        const Counter counter = counters.With({value});
        counter.Increment();
        counter.Increment(0.25);
        gauges.Function({value}, [counter] { return counter.Value(); });
        const Histogram histogram =
            registry.Histogram({.name = "h_" + std::to_string(i % 10), .labels = {"x"}}).With({value});
        histogram.Record(i);
        if (i % 3 == 0) {
          counters.Remove({value});
          gauges.Remove({value});
        }
        const std::uint64_t id = registry.AddCollector([&](std::vector<FamilySnapshot>*) { counter.Increment(); });
        registry.RemoveCollector(id);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  done = true;
  scraper.join();
  EXPECT_EQ(registry.error_count(), 0U);
}

TEST(Stress, RegistriesComeAndGoWhileInstrumentsAreUsed) {
  std::vector<std::thread> workers;
  for (int t = 0; t < kThreads; ++t) {
    workers.emplace_back([] {
      Counter held;
      for (int i = 0; i < kRounds; ++i) {
        Registry registry;
        const Counter counter = registry.Counter({.name = "a_total"});
        counter.Increment(3);
        held.Increment();
        held = counter;
        ASSERT_EQ(ValueOf(registry, "a_total"), 3);
        std::thread([counter] { counter.Increment(); }).join();
        ASSERT_EQ(counter.Value(), 4);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

TEST(Stress, EverybodyAddsToOneSeries) {
  Registry registry;
  const GaugeFamily gauges = registry.Gauge({.name = "g"});
  const CounterFamily counters = registry.Counter({.name = "c_total", .labels = {"x"}});
  std::vector<std::thread> workers;
  for (int t = 0; t < kThreads; ++t) {
    workers.emplace_back([&] {
      const Gauge gauge = gauges;
      for (int i = 0; i < 1000; ++i) {
        gauge.Add(1);
        counters.With({"one"}).Increment();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(gauges.With({}).Value(), kThreads * 1000);
  EXPECT_EQ(counters.With({"one"}).Value(), kThreads * 1000);
}

}  // namespace
}  // namespace cachescope
