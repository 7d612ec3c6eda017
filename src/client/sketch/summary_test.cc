#include "cachescope/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"
#include "client/sketch/sketch.h"

namespace cachescope {
namespace {

using testing::HasSubstr;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double Exact(std::vector<double> values, double quantile) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

TEST(QuantileSketch, IsWithinItsErrorForAnyDistribution) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> latencies(-7, 2);
  std::normal_distribution<double> around(0, 100);
  for (const int schema : {4, 5, 6, 7, 8}) {
    for (int kind = 0; kind < 3; ++kind) {
      QuantileSketch sketch(schema);
      std::vector<double> values;
      for (int i = 0; i < 5000; ++i) {
        values.push_back(kind == 0 ? latencies(random) : kind == 1 ? around(random) : i % 7);
        sketch.Add(values.back());
      }
      for (const double quantile : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const double want = Exact(values, quantile);
        EXPECT_NEAR(sketch.Quantile(quantile), want, std::fabs(want) * sketch.relative_error() * 1.0000001)
            << schema << " " << kind << " " << quantile;
      }
    }
  }
}

TEST(QuantileSketch, MergesLikeOneSketch) {
  QuantileSketch all(5);
  QuantileSketch fine(7);
  QuantileSketch coarse(5);
  for (int i = -500; i < 500; ++i) {
    all.Add(i * 1.7);
    (i % 2 == 0 ? fine : coarse).Add(i * 1.7);
  }
  fine.Merge(coarse);
  EXPECT_EQ(fine.schema(), 5);
  EXPECT_EQ(fine.count(), all.count());
  for (double q = 0; q <= 1; q += 0.05) EXPECT_EQ(fine.Quantile(q), all.Quantile(q)) << q;
}

TEST(QuantileSketch, HandlesTheEdges) {
  QuantileSketch sketch;
  EXPECT_TRUE(std::isnan(sketch.Quantile(0.5)));
  sketch.Add(kNan);
  EXPECT_EQ(sketch.count(), 0U);
  sketch.Add(-kInf);
  sketch.Add(0);
  sketch.Add(kInf);
  EXPECT_EQ(sketch.Quantile(0), -kInf);
  EXPECT_EQ(sketch.Quantile(0.5), 0);
  EXPECT_EQ(sketch.Quantile(1), kInf);
  EXPECT_TRUE(std::isnan(sketch.Quantile(1.5)));
  EXPECT_TRUE(std::isnan(sketch.Quantile(kNan)));
  sketch.Add(std::numeric_limits<double>::max(), 10);
  EXPECT_TRUE(std::isfinite(sketch.Quantile(0.9)));
}

TEST(Summary, ShowsQuantilesCountAndSum) {
  Registry registry({.self_metrics = false});
  const Summary summary = registry.Summary({.name = "s", .help = "S.", .quantiles = {0.5, 1}});
  for (int i = 1; i <= 100; ++i) summary.Record(1024);
  EXPECT_EQ(summary.Count(), 100U);
  EXPECT_EQ(summary.Sum(), 102400);
  EXPECT_NEAR(summary.Quantile(0.5), 1024, 1024 * 0.01);
  const SeriesSnapshot series = registry.Collect().at(0).series.at(0);
  EXPECT_EQ(series.count, 100U);
  EXPECT_EQ(series.sum, 102400);
  ASSERT_EQ(series.quantiles.size(), 2U);
  EXPECT_EQ(series.quantiles[1].quantile, 1);
  EXPECT_NEAR(series.quantiles[1].value, 1024, 1024 * 0.01);
  EXPECT_GT(series.created, 1.7e9);
  const std::string text = Text(registry);
  EXPECT_THAT(text, HasSubstr("# HELP s S.\n# TYPE s summary\ns{quantile=\"0.5\"} 10"));
  EXPECT_THAT(text, HasSubstr("s_sum 102400\ns_count 100\n"));
}

TEST(Summary, ForgetsOldValuesStepByStep) {
  Registry registry({.self_metrics = false});
  const Summary summary = registry.Summary({.name = "s", .max_age = std::chrono::minutes(5)});
  summary.Record(1);
  summary.Record(kNan);
  for (int minute = 0; minute < 4; ++minute) {
    client::AdvanceSketchClockForTest(60000);
    summary.Record(100);
    EXPECT_NEAR(summary.Quantile(0), 1, 0.01) << minute;
  }
  client::AdvanceSketchClockForTest(60000);
  EXPECT_NEAR(summary.Quantile(0), 100, 1);
  // Nobody looks for an hour: the first value after it finds an empty window.
  client::AdvanceSketchClockForTest(3600000);
  summary.Record(7);
  EXPECT_EQ(summary.Sketch().count(), 1U);
  EXPECT_NEAR(summary.Quantile(0), 7, 0.07);
  EXPECT_EQ(summary.Count(), 7U);
  client::AdvanceSketchClockForTest(3600000);
  EXPECT_TRUE(std::isnan(summary.Quantile(0.5)));
  EXPECT_TRUE(std::isnan(registry.Collect().at(0).series.at(0).quantiles.at(0).value));
}

TEST(Summary, HasTheErrorItWasAskedFor) {
  Registry registry({.self_metrics = false});
  for (const double error : {0.002, 0.01, 0.05}) {
    const Summary summary =
        registry.Summary({.name = "s" + std::to_string(static_cast<int>(error * 1000)), .relative_error = error});
    std::vector<double> values;
    for (int i = 1; i <= 2000; ++i) {
      values.push_back(i * i * 1e-6);
      summary.Record(values.back());
    }
    for (const double q : {0.1, 0.5, 0.99}) {
      const double want = Exact(values, q);
      EXPECT_NEAR(summary.Quantile(q), want, want * error) << error << " " << q;
    }
  }
}

TEST(Summary, MergesNeighboursAtTheLimitAndCountsIt) {
  Registry registry;
  const Summary summary = registry.Summary({.name = "s", .max_buckets = 100});
  for (int i = 1; i <= 10000; ++i) summary.Record(i);
  EXPECT_LT(summary.Sketch().schema(), 6);
  EXPECT_EQ(summary.Sketch().count(), 10000U);
  EXPECT_THAT(Text(registry), testing::Not(HasSubstr("cachescope_client_bucket_limits_total 0\n")));
}

TEST(Summary, MergesOverThreadsAndSeries) {
  Registry registry({.self_metrics = false});
  const SummaryFamily family = registry.Summary({.name = "s", .labels = {"shard"}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Summary summary = family.With({std::to_string(t % 2)});
      for (int i = 0; i < 5000; ++i) summary.Record(t * 5000 + i + 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  QuantileSketch both = family.With({"0"}).Sketch();
  both.Merge(family.With({"1"}).Sketch());
  EXPECT_EQ(both.count(), 20000U);
  EXPECT_NEAR(both.Quantile(0.75), 15000, 15000 * both.relative_error() + 1);
}

TEST(Summary, DoesNotAllocateOnceBucketsAreKnown) {
  Registry registry;
  const Summary summary = registry.Summary({.name = "s"});
  for (int i = 0; i < 1000; ++i) summary.Record(i);
  std::size_t allocations = 0;
  std::thread([&] {
    const std::size_t before = client::AllocationCountForTest();
    for (int age = 0; age < 7; ++age) {
      for (int i = 0; i < 1000; ++i) summary.Record(i);
      client::AdvanceSketchClockForTest(120000);  // steps of the window need no memory either
    }
    allocations = client::AllocationCountForTest() - before;
  }).join();
  EXPECT_EQ(allocations, 0U);
}

TEST(Summary, RefusesBadOptions) {
  const auto f = [](const SummaryOptions& options, const std::string& want) {
    Registry registry;
    const Summary summary = registry.Summary(options);
    EXPECT_FALSE(summary);
    summary.Record(1);
    EXPECT_EQ(summary.Count(), 0U);
    EXPECT_TRUE(std::isnan(summary.Quantile(0.5)));
    ASSERT_EQ(registry.Errors().size(), 1U) << want;
    EXPECT_THAT(registry.Errors()[0], HasSubstr(want));
  };
  f({.name = "s", .quantiles = {1.5}}, "not between 0 and 1");
  f({.name = "s", .quantiles = {kNan}}, "not between 0 and 1");
  f({.name = "s", .quantiles = {0.5, 0.5}}, "not strictly increasing");
  f({.name = "s", .quantiles = std::vector<double>(33, 0.1)}, "more than 32 quantiles");
  f({.name = "s", .labels = {"quantile"}}, "belongs to the quantiles");
  f({.name = "s", .age_buckets = 0}, "window");
  f({.name = "s", .age_buckets = 61}, "window");
  f({.name = "s", .max_age = std::chrono::milliseconds(-5)}, "window");
  f({.name = "s", .max_buckets = 20000}, "not between 1 and 10000");
}

}  // namespace
}  // namespace cachescope
