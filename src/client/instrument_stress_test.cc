// Threads create, use and destroy instruments of every kind while others scrape. Run under the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/sketch/sketch.h"

namespace cachescope {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 200;

class Work {
 public:
  explicit Work(Registry* registry)
      : counters_(registry->Counter({.name = "c_total", .labels = {"x"}})),
        natives_(
            registry->Histogram({.name = "n",
                                 .labels = {"x"},
                                 .native = {.schema = 8, .max_buckets = 20, .min_reset = std::chrono::seconds(1)}})),
        both_(registry->Histogram({.name = "b", .buckets = {1, 10}, .labels = {"x"}, .native = {.schema = 2}})),
        summaries_(registry->Summary({.name = "s", .labels = {"x"}, .max_age = std::chrono::seconds(5)})),
        states_(registry->StateSet({.name = "st", .states = {"a", "b", "c"}, .labels = {"x"}})),
        infos_(registry->Info({.name = "i_info", .labels = {"x"}})) {}

  void Round(int i) const {
    const std::string value = std::to_string(i % 13);
    const Histogram native = natives_.With({value});
    const Summary summary = summaries_.With({value});
    for (int j = 0; j < 20; ++j) {
      const double number = std::exp2((i * 31 + j * 7) % 100 / 5.0 - 10);
      native.Record(j % 5 == 0 ? -number : number, {.trace_id = value});
      summary.Record(number);
      both_.With({value}).Record(number);
      counters_.With({value}).Increment(1, {.trace_id = value});
    }
    const ScopedTimer timer(summary);
    states_.With({value}).Set(static_cast<std::size_t>(i % 3));
    infos_.Set({value});
    if (i % 4 == 0) {
      natives_.Remove({value});
      summaries_.Remove({value});
      counters_.Remove({value});
      states_.Remove({value});
    }
    if (i % 50 == 0) client::AdvanceSketchClockForTest(1100);
  }

 private:
  CounterFamily counters_;
  HistogramFamily natives_;
  HistogramFamily both_;
  SummaryFamily summaries_;
  StateSetFamily states_;
  InfoFamily infos_;
};

TEST(InstrumentStress, EveryKindComesAndGoesWhileScraped) {
  std::optional<Registry> registry(std::in_place, RegistryOptions{.max_series = 8});
  const Work work(&*registry);
  TimerSet timers(*registry, {.max_running = 3, .max_age = std::chrono::milliseconds(0)});
  CustomMetrics custom(*registry);
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    while (!done.load()) {
      (void)Text(*registry);
      for (const FamilySnapshot& family : registry->Collect()) {
        for (const SeriesSnapshot& series : family.series) {
          if (series.native == nullptr) continue;
          std::uint64_t sum = series.native->zero_count;
          for (const std::uint64_t count : series.native->positive_counts) sum += count;
          for (const std::uint64_t count : series.native->negative_counts) sum += count;
          ASSERT_EQ(sum, series.native->count);
        }
      }
    }
  });
  std::vector<std::thread> workers;
  for (int t = 0; t < kThreads; ++t) {
    workers.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        const TimerId id = timers.Start();
        work.Round(i * kThreads + t);
        custom.Increment("custom", {{"x", std::to_string(i % 20)}});
        timers.Stop(id);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  done = true;
  scraper.join();
  registry.reset();
  work.Round(1);  // handles outlive the registry
}

TEST(InstrumentStress, HandlesOutliveTheRegistryInOtherThreads) {
  std::atomic<bool> done{false};
  std::vector<std::thread> workers;
  std::optional<Registry> registry(std::in_place);
  const Histogram native = registry->Histogram({.name = "n", .native = {.schema = 6}});
  const Summary summary = registry->Summary({.name = "s"});
  const StateSet states = registry->StateSet({.name = "st", .states = {"a", "b"}});
  for (int t = 0; t < kThreads; ++t) {
    workers.emplace_back([&, native, summary, states] {
      for (int i = 1; !done.load(); ++i) {
        native.Record(i, {.trace_id = "t"});
        summary.Record(i);
        states.Set("b");
      }
    });
  }
  (void)Text(*registry);
  registry.reset();
  native.Record(1);
  done = true;
  for (std::thread& worker : workers) worker.join();
  EXPECT_GT(native.Count(), 0U);
  EXPECT_EQ(native.Count(), summary.Count() + 1);
}

}  // namespace
}  // namespace cachescope
