#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"
#include "client/sketch/sketch.h"

namespace cachescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

SeriesSnapshot OnlySeries(const Registry& registry) {
  const std::vector<FamilySnapshot> all = registry.Collect();
  return all.empty() || all[0].series.empty() ? SeriesSnapshot() : all[0].series[0];
}

NativeHistogramSnapshot Native(const Registry& registry) {
  const auto native = OnlySeries(registry).native;
  return native == nullptr ? NativeHistogramSnapshot() : *native;
}

std::vector<std::pair<std::int32_t, std::uint32_t>> Spans(const std::vector<BucketSpanSnapshot>& spans) {
  std::vector<std::pair<std::int32_t, std::uint32_t>> pairs;
  for (const BucketSpanSnapshot& span : spans) pairs.emplace_back(span.offset, span.length);
  return pairs;
}

double LimitSteps(const Registry& registry) {
  for (const FamilySnapshot& family : registry.Collect()) {
    if (family.name == "cachescope_client_bucket_limits_total") return family.series.at(0).value;
  }
  return -1;
}

TEST(NativeHistogram, CountsIntoExponentialBuckets) {
  Registry registry({.self_metrics = false});
  const Histogram histogram = registry.Histogram({.name = "h", .native = {.schema = 0}});
  for (const double value : {1.0, 1.5, 2.0, 3.0, 4.0, 100.0, -1.0, -3.0, 0.0, 1e-39, 0.25}) histogram.Record(value);
  const NativeHistogramSnapshot native = Native(registry);
  EXPECT_EQ(native.schema, 0);
  EXPECT_EQ(native.count, 11U);
  EXPECT_EQ(native.zero_count, 2U);
  EXPECT_DOUBLE_EQ(native.zero_threshold, 2.938735877055719e-39);
  // 0.25 in -2; 1 in 0; 1.5 and 2 in 1; 3 and 4 in 2; 100 in 7.
  EXPECT_THAT(Spans(native.positive_spans), ElementsAre(std::pair(-2, 5U), std::pair(4, 1U)));
  EXPECT_THAT(native.positive_counts, ElementsAre(1, 0, 1, 2, 2, 1));
  EXPECT_THAT(Spans(native.negative_spans), ElementsAre(std::pair(0, 3U)));
  EXPECT_THAT(native.negative_counts, ElementsAre(1, 0, 1));
  EXPECT_DOUBLE_EQ(histogram.Sum(), 1 + 1.5 + 2 + 3 + 4 + 100 - 1 - 3 + 0.25 + 1e-39);
  EXPECT_EQ(histogram.Count(), 11U);
  EXPECT_THAT(OnlySeries(registry).buckets, ElementsAre());
  EXPECT_EQ(Text(registry), "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 11\nh_sum 107.75\nh_count 11\n");
}

TEST(NativeHistogram, NanAndInfinities) {
  Registry registry({.self_metrics = false});
  const Histogram histogram = registry.Histogram({.name = "h", .native = {.schema = 2}});
  histogram.Record(kNan);
  histogram.Record(kInf);
  histogram.Record(kInf);
  histogram.Record(-kInf);
  const NativeHistogramSnapshot native = Native(registry);
  EXPECT_EQ(native.count, 4U);
  EXPECT_THAT(Spans(native.positive_spans), ElementsAre(std::pair(4097, 1U)));
  EXPECT_THAT(native.positive_counts, ElementsAre(2));
  EXPECT_THAT(Spans(native.negative_spans), ElementsAre(std::pair(4097, 1U)));
  EXPECT_TRUE(std::isnan(histogram.Sum()));
}

TEST(NativeHistogram, MayHaveClassicBucketsToo) {
  Registry registry({.self_metrics = false});
  const Histogram histogram = registry.Histogram({.name = "h", .buckets = {1, 2}, .native = {.growth_factor = 1.1}});
  for (const double value : {0.5, 1.0, 1.5, 5.0, kNan}) histogram.Record(value);
  const SeriesSnapshot series = OnlySeries(registry);
  ASSERT_EQ(series.buckets.size(), 3U);
  EXPECT_EQ(series.buckets[0].cumulative_count, 2U);
  EXPECT_EQ(series.buckets[1].cumulative_count, 3U);
  EXPECT_EQ(series.buckets[2].cumulative_count, 5U);
  ASSERT_NE(series.native, nullptr);
  EXPECT_EQ(series.native->schema, 3);
  EXPECT_EQ(series.native->count, 5U);
  EXPECT_GT(series.created, 1.7e9);
}

TEST(NativeHistogram, HalvesTheResolutionAtTheLimit) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h", .native = {.schema = 3, .max_buckets = 20}});
  for (int i = 1; i <= 1000; ++i) histogram.Record(i);
  for (int i = 1; i <= 10; ++i) histogram.Record(-i);
  const NativeHistogramSnapshot native = *[&] {
    for (const FamilySnapshot& family : registry.Collect()) {
      if (family.name == "h") return family.series.at(0).native;
    }
    return std::shared_ptr<const NativeHistogramSnapshot>();
  }();
  EXPECT_LT(native.schema, 3);
  EXPECT_EQ(native.count, 1010U);
  std::size_t used = 0;
  for (const std::uint64_t count : native.positive_counts) used += count > 0;
  for (const std::uint64_t count : native.negative_counts) used += count > 0;
  EXPECT_LE(used, 20U);
  // As if it had been recorded with that schema from the start.
  Registry other_registry({.self_metrics = false});
  const Histogram other = other_registry.Histogram({.name = "h", .native = {.schema = native.schema}});
  for (int i = 1; i <= 1000; ++i) other.Record(i);
  for (int i = 1; i <= 10; ++i) other.Record(-i);
  EXPECT_EQ(Native(other_registry).positive_counts, native.positive_counts);
  EXPECT_EQ(Native(other_registry).negative_counts, native.negative_counts);
  EXPECT_EQ(Spans(Native(other_registry).positive_spans), Spans(native.positive_spans));
  EXPECT_EQ(LimitSteps(registry), 3 - native.schema);
}

TEST(NativeHistogram, GivesUpTheLimitAtTheLowestSchema) {
  Registry registry({.self_metrics = false});
  const Histogram histogram = registry.Histogram({.name = "h", .native = {.schema = -3, .max_buckets = 1}});
  for (int exponent = -1000; exponent <= 1000; ++exponent) histogram.Record(std::ldexp(1, exponent));
  const NativeHistogramSnapshot native = Native(registry);
  EXPECT_EQ(native.schema, -4);
  EXPECT_EQ(native.count, 2001U);
  EXPECT_EQ(native.zero_count, 873U);  // below 2^-128 and it
}

TEST(NativeHistogram, WidensTheZeroBucketFirstWhenAllowed) {
  Registry registry({.self_metrics = false});
  const Histogram histogram =
      registry.Histogram({.name = "h", .native = {.schema = 0, .max_buckets = 3, .max_zero_threshold = 0.25}});
  for (const double value : {0.1, 0.2, 1.0, 2.0, -0.12}) histogram.Record(value);
  const NativeHistogramSnapshot native = Native(registry);
  EXPECT_EQ(native.schema, 0);
  EXPECT_EQ(native.zero_threshold, 0.125);
  EXPECT_EQ(native.zero_count, 2U);
  EXPECT_EQ(native.count, 5U);
  EXPECT_THAT(native.positive_counts, ElementsAre(1, 0, 1, 1)) << "0.2 in -2, 1 in 0, 2 in 1";
}

TEST(NativeHistogram, StartsAnewWhenThatIsDue) {
  Registry registry({.self_metrics = false});
  const Histogram histogram = registry.Histogram(
      {.name = "h", .native = {.schema = 0, .max_buckets = 4, .min_reset = std::chrono::minutes(10)}});
  for (int round = 0; round < 5; ++round) {
    for (int exponent = 0; exponent < 4; ++exponent) histogram.Record(std::ldexp(1, exponent));
    EXPECT_EQ(Native(registry).count, 4U) << round;
    client::AdvanceSketchClockForTest(600000);
    histogram.Record(1024);  // the fifth bucket
    NativeHistogramSnapshot native = Native(registry);
    EXPECT_EQ(native.count, 1U);
    EXPECT_EQ(native.schema, 0);
    EXPECT_EQ(histogram.Sum(), 1024);
    // Too early for another reset: merges, and starts anew at a later scrape.
    for (int exponent = 0; exponent < 4; ++exponent) histogram.Record(std::ldexp(1, exponent));
    native = Native(registry);
    EXPECT_EQ(native.schema, -1);
    EXPECT_EQ(native.count, 5U);
    client::AdvanceSketchClockForTest(600000);
    native = Native(registry);
    EXPECT_EQ(native.schema, 0);
    EXPECT_EQ(native.count, 0U);
  }
}

TEST(NativeHistogram, DoesNotAllocateOnceBucketsAreKnown) {
  Registry registry;
  const Histogram histogram = registry.Histogram({.name = "h", .native = {.schema = 5}});
  for (int i = 0; i < 1000; ++i) histogram.Record(i);
  std::size_t allocations = 0;
  std::thread([&] {
    const std::size_t before = client::AllocationCountForTest();
    for (int i = 0; i < 1000; ++i) histogram.Record(i);
    histogram.Record(kNan);
    allocations = client::AllocationCountForTest() - before;
  }).join();
  EXPECT_EQ(allocations, 0U);
}

TEST(NativeHistogram, RefusesBadOptions) {
  const auto f = [](const HistogramOptions& options, const std::string& want) {
    Registry registry;
    const Histogram histogram = registry.Histogram(options);
    EXPECT_FALSE(histogram);
    histogram.Record(1);
    ASSERT_EQ(registry.Errors().size(), 1U) << want;
    EXPECT_THAT(registry.Errors()[0], HasSubstr(want));
  };
  f({.name = "h", .native = {.schema = 9}}, "the schema is not between -4 and 8");
  f({.name = "h", .native = {.schema = -5}}, "the schema is not between -4 and 8");
  f({.name = "h", .native = {.growth_factor = 1}}, "the growth factor not above 1");
  f({.name = "h", .native = {.growth_factor = kNan}}, "the growth factor not above 1");
  f({.name = "h", .native = {.schema = 0, .zero_threshold = -1}}, "zero threshold");
  f({.name = "h", .native = {.schema = 0, .zero_threshold = kInf}}, "zero threshold");
  f({.name = "h", .native = {.schema = 0, .max_buckets = 0}}, "not between 1 and 10000");
  f({.name = "h", .native = {.schema = 0, .min_reset = std::chrono::milliseconds(10)}}, "at least one second");
  Registry registry;
  (void)registry.Histogram({.name = "h", .native = {.schema = 1}});
  EXPECT_FALSE(registry.Histogram({.name = "h", .native = {.schema = 2}}));
  EXPECT_THAT(registry.Errors().at(0), HasSubstr("different native buckets"));
}

TEST(NativeHistogram, LosesNothingWhileThreadsChangeTheLayout) {
  Registry registry({.self_metrics = false});
  const Histogram histogram =
      registry.Histogram({.name = "h", .native = {.schema = 8, .max_buckets = 50, .max_zero_threshold = 1e-3}});
  constexpr int kThreads = 4;
  constexpr int kEach = 20000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) histogram.Record(std::exp2((i * 7 + t) % 2000 / 40.0 - 20));
    });
  }
  std::uint64_t last = 0;
  while (last < kThreads * kEach / 2) {
    const NativeHistogramSnapshot native = Native(registry);
    ASSERT_GE(native.count, last);
    last = native.count;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Native(registry).count, static_cast<std::uint64_t>(kThreads * kEach));
}

}  // namespace
}  // namespace cachescope
