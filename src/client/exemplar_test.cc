#include "cachescope/exemplar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"

namespace cachescope {
namespace {

using testing::HasSubstr;

std::vector<ExemplarSnapshot> Of(const Registry& registry, const std::string& name) {
  for (const FamilySnapshot& family : registry.Collect()) {
    if (family.name == name) return family.series.at(0).exemplars;
  }
  return {};
}

double Dropped(const Registry& registry) {
  for (const FamilySnapshot& family : registry.Collect()) {
    if (family.name == "cachescope_client_exemplars_dropped_total") return family.series.at(0).value;
  }
  return -1;
}

TEST(Exemplar, CounterKeepsTheLatest) {
  Registry registry;
  const Counter counter = registry.Counter({.name = "a_total"});
  counter.Increment(1, {.trace_id = "first"});
  const LabelPairView more[] = {{"user", "u\xFF"}};
  counter.Increment(2.5, {.trace_id = "second", .span_id = "s", .labels = more, .timestamp = 12.5});
  EXPECT_EQ(counter.Value(), 3.5);
  const std::vector<ExemplarSnapshot> exemplars = Of(registry, "a_total");
  ASSERT_EQ(exemplars.size(), 1U);
  EXPECT_EQ(exemplars[0].labels, (LabelPairs{{"trace_id", "second"}, {"span_id", "s"}, {"user", "u\xEF\xBF\xBD"}}));
  EXPECT_EQ(exemplars[0].value, 2.5);
  EXPECT_EQ(exemplars[0].timestamp, 12.5);
}

TEST(Exemplar, HistogramKeepsOnePerBucketInOrder) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h", .buckets = {1, 2}});
  for (const double value : {5.0, 1.5, 0.5, 1.7, 1e9}) {
    histogram.Record(value, {.trace_id = std::to_string(value)});
  }
  const std::vector<ExemplarSnapshot> exemplars = Of(registry, "h");
  ASSERT_EQ(exemplars.size(), 3U);
  EXPECT_EQ(exemplars[0].value, 0.5);
  EXPECT_EQ(exemplars[1].value, 1.7);
  EXPECT_EQ(exemplars[2].value, 1e9);
  EXPECT_GT(exemplars[0].timestamp, 1.7e9);
}

TEST(Exemplar, NativeHistogramKeepsTenAtMost) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h", .native = {.schema = 3}});
  for (int i = 0; i < 40; ++i) histogram.Record(std::ldexp(1, i), {.trace_id = "t"});
  EXPECT_EQ(histogram.Count(), 40U);
  const std::vector<ExemplarSnapshot> exemplars = Of(registry, "h");
  ASSERT_EQ(exemplars.size(), 10U);
  EXPECT_EQ(exemplars.back().value, std::ldexp(1, 39));
}

TEST(Exemplar, BadOnesAreDroppedAndCountedButTheValueCounts) {
  Registry registry;
  const Counter counter = registry.Counter({.name = "a_total"});
  const Histogram histogram = registry.Histogram({.name = "h"});
  counter.Increment(1, {.trace_id = std::string(121, 'x')});
  EXPECT_EQ(Dropped(registry), 1) << "129 characters with the name";
  counter.Increment(1, {.trace_id = std::string(120, 'x')});
  EXPECT_EQ(Dropped(registry), 1);
  std::string umlauts;
  for (int i = 0; i < 120; ++i) umlauts += "\xC3\xA4";
  counter.Increment(1, {.trace_id = umlauts});
  EXPECT_EQ(Dropped(registry), 1) << "characters, not bytes";
  counter.Increment(1, {.trace_id = std::string(100000, '\x80')});
  const LabelPairView bad[] = {{"a b", "c"}};
  counter.Increment(1, {.labels = bad});
  histogram.Record(std::numeric_limits<double>::quiet_NaN(), {.trace_id = "t"});
  EXPECT_EQ(Dropped(registry), 4);
  counter.Increment(-1, {.trace_id = "t"});
  counter.Increment(std::numeric_limits<double>::quiet_NaN(), {.trace_id = "t"});
  counter.Increment(std::numeric_limits<double>::infinity(), {.trace_id = "t"});
  EXPECT_EQ(counter.Value(), 5);
  EXPECT_EQ(histogram.Count(), 1U);
  EXPECT_EQ(Of(registry, "a_total").at(0).value, 1);
  EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_increments_refused_total 3\n"));
  Counter().Increment(1, {.trace_id = "t"});
  Histogram().Record(1, {.trace_id = "t"});
}

TEST(Exemplar, GoesWithItsSeries) {
  Registry registry;
  const CounterFamily family = registry.Counter({.name = "a_total", .labels = {"x"}});
  family.With({"1"}).Increment(1, {.trace_id = "t"});
  EXPECT_TRUE(family.Remove({"1"}));
  (void)family.With({"1"});
  EXPECT_TRUE(Of(registry, "a_total").empty());
}

TEST(Exemplar, DoesNotAllocateOnceABucketHasOne) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h", .buckets = {1}});
  const Exemplar exemplar{.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", .span_id = "00f067aa0ba902b7"};
  histogram.Record(0.5, exemplar);
  histogram.Record(1.5, exemplar);
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 100; ++i) histogram.Record(i % 2 + 0.5, exemplar);
  EXPECT_EQ(client::AllocationCountForTest(), before);
}

TEST(Exemplar, ThreadsNeitherWaitNorLoseValues) {
  Registry registry;
  const CounterFamily family = registry.Counter({.name = "a_total", .labels = {"x"}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string value = std::to_string(i % 5);
        family.With({value}).Increment(1, {.trace_id = value});
        if (t == 0 && i % 7 == 0) family.Remove({value});
        if (t == 1 && i % 50 == 0) {
          for (const FamilySnapshot& f : registry.Collect()) {
            for (const SeriesSnapshot& s : f.series) {
              for (const ExemplarSnapshot& e : s.exemplars) ASSERT_EQ(e.labels.at(0).value, s.labels.at(0).value);
            }
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cachescope
