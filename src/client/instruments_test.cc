#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"
#include "client/cell_store.h"

namespace cachescope {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Counter, AddsIntegersAndFractions) {
  Registry registry;
  const Counter counter = registry.Counter({.name = "a_total"});
  counter.Increment();
  counter.Increment(41);
  counter.Increment(std::uint64_t{8});
  counter.Increment(0.25);
  counter.Increment(2.0);
  counter.Increment(0.5F);
  EXPECT_DOUBLE_EQ(counter.Value(), 52.75);
}

TEST(Counter, RefusesWhatIsNotAnIncrement) {
  Registry registry;
  const Counter counter = registry.Counter({.name = "a_total"});
  counter.Increment(-1);
  counter.Increment(-0.5);
  counter.Increment(kNan);
  counter.Increment(kInf);
  counter.Increment(0);
  counter.Increment(0.0);
  EXPECT_EQ(counter.Value(), 0);
  EXPECT_NE(Text(registry).find("cachescope_client_increments_refused_total 4\n"), std::string::npos);
}

TEST(Counter, IsExactInTextBeyondDoubles) {
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "a_total"});
  counter.Increment((std::uint64_t{1} << 53) + 1);
  EXPECT_EQ(Text(registry), "# TYPE a_total counter\na_total 9007199254740993\n");
}

TEST(Gauge, SetsAndAdds) {
  Registry registry;
  const Gauge gauge = registry.Gauge({.name = "g"});
  gauge.Set(10);
  gauge.Add(2.5);
  gauge.Subtract(0.5);
  gauge.Increment();
  gauge.Decrement();
  EXPECT_DOUBLE_EQ(gauge.Value(), 12);
  gauge.SetToCurrentTime();
  EXPECT_GT(gauge.Value(), 1.7e9);
}

TEST(Gauge, FunctionIsCalledAtEachScrape) {
  Registry registry({.self_metrics = false});
  int calls = 0;
  const GaugeFamily family = registry.Gauge({.name = "g", .labels = {"tier"}});
  family.Function({"l1"}, [&] { return ++calls; });
  EXPECT_EQ(Text(registry), "# TYPE g gauge\ng{tier=\"l1\"} 1\n");
  EXPECT_EQ(registry.Collect().at(0).series.at(0).value, 2);
  EXPECT_TRUE(family.Remove({"l1"}));
  EXPECT_EQ(Text(registry), "");
  EXPECT_EQ(calls, 2);
}

TEST(Gauge, FunctionMayThrowRegisterAndRemoveItself) {
  Registry registry;
  const GaugeFamily family = registry.Gauge({.name = "g", .labels = {"tier"}});
  family.Function({"bad"}, []() -> double { throw 1; });
  family.Function({"self"}, [&]() -> double {
    (void)registry.Gauge({.name = "made_by_function"}).With({});
    family.Remove({"self"});
    return 7;
  });
  const std::string text = Text(registry);
  EXPECT_NE(text.find("cachescope_client_collector_errors_total 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("made_by_function 0\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("self"), std::string::npos) << text;
}

TEST(Histogram, CountsIntoInclusiveBuckets) {
  Registry registry({.self_metrics = false});
  const Histogram histogram = registry.Histogram({.name = "h", .buckets = {1, 2.5, 1000000}});
  for (const double value : {-1.0, 0.5, 1.0, 1.5, 2.5, 3.0, 1e6, 1e7, kInf}) histogram.Record(value);
  EXPECT_EQ(histogram.Count(), 9U);
  EXPECT_EQ(histogram.Sum(), kInf);
  EXPECT_EQ(Text(registry),
            "# TYPE h histogram\n"
            "h_bucket{le=\"1\"} 3\nh_bucket{le=\"2.5\"} 5\nh_bucket{le=\"1e+06\"} 7\nh_bucket{le=\"+Inf\"} 9\n"
            "h_sum +Inf\nh_count 9\n");
}

TEST(Histogram, NanGoesToTheLastBucketAndTheSum) {
  Registry registry({.self_metrics = false});
  const Histogram histogram = registry.Histogram({.name = "h", .buckets = {1}});
  histogram.Record(kNan);
  EXPECT_EQ(Text(registry),
            "# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 1\nh_sum NaN\nh_count 1\n");
}

TEST(Histogram, FindBucketAgreesWithSearchForAllSizes) {
  for (std::uint32_t count = 0; count <= 80; ++count) {
    std::vector<double> bounds;
    for (std::uint32_t i = 0; i < count; ++i) bounds.push_back(i * 1.5);
    std::vector<double> padded = bounds;
    padded.resize((count + 3) / 4 * 4 + 4, kInf);
    for (double value = -1; value < 130; value += 0.25) {
      const auto want =
          static_cast<std::uint32_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
      ASSERT_EQ(detail::FindBucket(padded.data(), count, value), want) << count << " " << value;
    }
    ASSERT_EQ(detail::FindBucket(padded.data(), count, kNan), count);
    ASSERT_EQ(detail::FindBucket(padded.data(), count, kInf), count);
    ASSERT_EQ(detail::FindBucket(padded.data(), count, -kInf), 0U);
  }
}

TEST(Instruments, NullOnesAcceptEverything) {
  const Counter counter;
  const Gauge gauge;
  const Histogram histogram;
  counter.Increment();
  counter.Increment(-3);
  counter.Increment(0.5);
  gauge.Set(3);
  gauge.Add(1);
  histogram.Record(1);
  histogram.Record(kNan);
  EXPECT_FALSE(counter);
  EXPECT_FALSE(gauge);
  EXPECT_FALSE(histogram);
  EXPECT_EQ(counter.Value(), 0);
  EXPECT_EQ(histogram.Count(), 0U);
  EXPECT_EQ(histogram.Sum(), 0);
  EXPECT_FALSE(CounterFamily().With({"x"}));
  EXPECT_FALSE(CounterFamily().Remove({"x"}));
  GaugeFamily().Function([] { return 1.0; });
}

TEST(Instruments, OutliveTheRegistry) {
  std::optional<Registry> registry(std::in_place);
  const CounterFamily family = registry->Counter({.name = "a_total", .labels = {"x"}});
  const Counter counter = family.With({"1"});
  const Histogram histogram = registry->Histogram({.name = "h"});
  const Gauge gauge = registry->Gauge({.name = "g"});
  registry.reset();
  counter.Increment(3);
  counter.Increment(-1);
  counter.Increment(0.5);
  histogram.Record(1);
  gauge.Set(4);
  EXPECT_EQ(counter.Value(), 3.5);
  EXPECT_EQ(histogram.Count(), 1U);
  EXPECT_EQ(gauge.Value(), 4);
  EXPECT_FALSE(family.With({"2"}));
}

TEST(Instruments, RemovedSeriesStartAtZeroAgain) {
  Registry registry({.self_metrics = false});
  const HistogramFamily family = registry.Histogram({.name = "h", .buckets = {1}, .labels = {"x"}});
  std::optional<Histogram> held(family.With({"a"}));
  held->Record(1e300);
  std::thread([&] { held->Record(2); }).join();
  EXPECT_TRUE(family.Remove({"a"}));
  EXPECT_FALSE(family.Remove({"a"}));
  EXPECT_EQ(Text(registry), "");
  held->Record(3);  // writes to cells nobody shows
  held.reset();     // now the cells are free
  const Histogram again = family.With({"a"});
  EXPECT_EQ(again.Count(), 0U);
  again.Record(0.125);
  EXPECT_EQ(again.Sum(), 0.125);
}

TEST(Instruments, HotPathsAreNoexceptAndDoNotAllocate) {
  static_assert(noexcept(std::declval<const Counter&>().Increment()));
  static_assert(noexcept(std::declval<const Counter&>().Increment(1)));
  static_assert(noexcept(std::declval<const Counter&>().Increment(1.5)));
  static_assert(noexcept(std::declval<const Gauge&>().Set(1)));
  static_assert(noexcept(std::declval<const Gauge&>().Add(1)));
  static_assert(noexcept(std::declval<const Histogram&>().Record(1)));
  Registry registry;
  const Counter counter = registry.Counter({.name = "a_total"});
  const Gauge gauge = registry.Gauge({.name = "g"});
  const Histogram histogram = registry.Histogram({.name = "h"});
  std::size_t allocations = 0;
  // A new thread, so that its first touch is counted too.
  std::thread([&] {
    const std::size_t before = client::AllocationCountForTest();
    for (int i = 0; i < 1000; ++i) {
      counter.Increment();
      counter.Increment(0.5);
      gauge.Set(i);
      gauge.Add(1);
      histogram.Record(i);
    }
    allocations = client::AllocationCountForTest() - before;
  }).join();
  EXPECT_EQ(allocations, 0U);
}

TEST(Instruments, CopiesShareTheSeries) {
  Registry registry;
  Counter a = registry.Counter({.name = "a_total"});
  Counter b = a;
  Counter c = std::move(a);
  b.Increment();
  c.Increment();
  a = b;  // NOLINT(bugprone-use-after-move): moving is copying
  a.Increment();
  a = *&a;
  EXPECT_EQ(b.Value(), 3);
}

// History of bytes per labelled counter (label text 14 bytes, one thread, 10,000 series; heap rounding and tables
// included):
//   2026-11  104
TEST(Instruments, MemoryPerLabelledCounter) {
  constexpr int kSeries = 10000;
  Registry registry({.max_series = kSeries});
  const CounterFamily family = registry.Counter({.name = "requests_total", .labels = {"shard"}});
  const std::size_t before = client::AllocatedBytesForTest() + client::MappedBytesForTest();
  for (int i = 0; i < kSeries; ++i) family.With({std::to_string(100000 + i)}).Increment();
  const std::size_t after = client::AllocatedBytesForTest() + client::MappedBytesForTest();
  const double bytes = static_cast<double>(after - before) / kSeries;
  RecordProperty("bytes_per_counter", std::to_string(bytes));
  EXPECT_LE(bytes, 150) << "the budget";
}

}  // namespace
}  // namespace cachescope
