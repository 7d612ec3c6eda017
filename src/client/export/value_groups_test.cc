#include "client/export/value_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "client/export/baselines.h"

namespace cachescope::client {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

SeriesSnapshot Classic(const std::vector<double>& bounds, const std::vector<double>& values) {
  SeriesSnapshot series;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    const double bound = i < bounds.size() ? bounds[i] : kInfinity;
    const auto count = std::count_if(values.begin(), values.end(), [&](double v) { return v <= bound; });
    series.buckets.push_back({bound, static_cast<std::uint64_t>(count)});
  }
  for (const double value : values) series.sum += value;
  return series;
}

// Native buckets of the values, made by definition.
SeriesSnapshot Native(std::int32_t schema, double zero_threshold, const std::vector<double>& values) {
  auto native = std::make_shared<NativeHistogramSnapshot>();
  native->schema = schema;
  native->zero_threshold = zero_threshold;
  native->count = values.size();
  SeriesSnapshot series;
  std::map<std::int32_t, std::uint64_t> positive;
  std::map<std::int32_t, std::uint64_t> negative;
  for (const double value : values) {
    series.sum += value;
    const auto index = static_cast<std::int32_t>(std::ceil(std::log2(std::abs(value)) * std::exp2(schema)));
    if (std::abs(value) <= zero_threshold) {
      ++native->zero_count;
    } else {
      ++(value > 0 ? positive : negative)[index];
    }
  }
  const auto fill = [](const auto& from, auto* spans, auto* counts) {
    std::int32_t next = 0;
    for (const auto& [index, count] : from) {
      if (spans->empty() || index != next) {
        spans->push_back({index - next, 1});
      } else {
        ++spans->back().length;
      }
      next = index + 1;
      counts->push_back(count);
    }
  };
  fill(positive, &native->positive_spans, &native->positive_counts);
  fill(negative, &native->negative_spans, &native->negative_counts);
  series.native = native;
  return series;
}

void CheckGroups(const SeriesSnapshot& series, std::size_t want_count) {
  const HistogramCells cells(series);
  const std::vector<ValueGroup> groups = MakeValueGroups(series, cells, series.sum);
  double sum = 0;
  std::uint64_t count = 0;
  double last = -kInfinity;
  for (const ValueGroup& group : groups) {
    const CellRange range = cells.RangeOf(series, group.key);
    const double slack = 1e-9 * (1 + std::abs(group.value));
    EXPECT_GE(group.value, range.low - slack);
    EXPECT_LE(group.value, range.high + slack);
    EXPECT_GE(group.value, last);
    last = group.value;
    sum += group.value * static_cast<double>(group.count);
    count += group.count;
  }
  EXPECT_EQ(count, want_count);
  EXPECT_NEAR(sum, series.sum, 1e-9 * (1 + std::abs(series.sum)));
}

TEST(ValueGroups, StayInTheirBucketsAndKeepTheSum) {
  std::mt19937 random(1);
  std::lognormal_distribution<double> value(-5, 2);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values(1 + random() % 200);
    for (double& v : values) v = value(random);
    CheckGroups(Classic({0.001, 0.005, 0.01, 0.1, 1}, values), values.size());
    CheckGroups(Native(3, 1e-6, values), values.size());
    for (double& v : values) v -= 0.01;
    CheckGroups(Classic({-0.005, 0, 0.1, 1}, values), values.size());
    CheckGroups(Native(0, 0.001, values), values.size());
  }
}

TEST(ValueGroups, ABucketUpToZeroHoldsZeros) {
  const SeriesSnapshot series = Classic({0, 1, 2, 5, 10}, {0, 0, 3, 3, 6, 6});  // below the middles of their buckets
  const std::vector<ValueGroup> groups = MakeValueGroups(series, HistogramCells(series), series.sum);
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].value, 0);
  EXPECT_NEAR(2 * groups[1].value + 2 * groups[2].value, series.sum, 1e-9);
}

TEST(ValueGroups, BearOddSums) {
  SeriesSnapshot series = Classic({1, 2}, {0.5, 1.5});
  series.sum = std::nan("");
  const std::vector<ValueGroup> groups = MakeValueGroups(series, HistogramCells(series), series.sum);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].value, 0.5);
  EXPECT_EQ(groups[1].value, 1.5);
  EXPECT_EQ(MakeValueGroups(series, HistogramCells(series), 1e9)[1].value, 2) << "not beyond the bucket";
  EXPECT_TRUE(MakeValueGroups(series, HistogramCells(), 0).empty());
}

TEST(HistogramCells, SubtractAcrossResolutions) {
  std::vector<double> values = {-8, -0.3, 0.0001, 0.5, 0.7, 1, 1.1, 3, 700};
  const SeriesSnapshot before = Native(5, 1e-9, values);
  const std::vector<double> more = {0.0002, -9, 0.7, 1e6};
  values.insert(values.end(), more.begin(), more.end());
  const SeriesSnapshot after = Native(1, 0.25, values);
  HistogramCells base(before);
  const HistogramCells now(after);
  ASSERT_TRUE(base.AlignTo(now));
  HistogramCells difference;
  ASSERT_TRUE(now.Subtract(base, &difference));
  const SeriesSnapshot alone = Native(1, 0.25, more);
  const HistogramCells want(alone);
  ASSERT_EQ(difference.cells().size(), want.cells().size());
  for (std::size_t i = 0; i < want.cells().size(); ++i) {
    EXPECT_EQ(difference.cells()[i].key, want.cells()[i].key);
    EXPECT_EQ(difference.cells()[i].count, want.cells()[i].count);
  }
  HistogramCells finer(now);
  EXPECT_FALSE(finer.AlignTo(HistogramCells(before))) << "resolution never grows within a life";
  EXPECT_FALSE(HistogramCells(before).Subtract(now, &difference));
}

TEST(Baselines, RestartOnCreatedTimeAndForgetWhatIsGone) {
  FamilySnapshot family{"a", "", "", InstrumentType::kCounter, {{}}};
  SeriesSnapshot& series = family.series[0];
  const ExportDeadline deadline;
  Baselines baselines(50);
  const auto round = [&](double time, double value, double created) {
    series.value = value;
    series.created = created;
    baselines.BeginRound({{}, time, &deadline});
    Baseline& baseline = baselines.Find(family, series);
    const double delta = value - baseline.value;
    MarkDelivered(family, series, time, &baseline);
    const double start = baseline.start;
    baselines.EndRound();
    return std::pair(delta, start);
  };
  EXPECT_EQ(round(100, 5, 0), std::pair(5.0, 50.0));
  EXPECT_EQ(round(110, 7, 0), std::pair(2.0, 50.0));
  EXPECT_EQ(round(120, 1, 0), std::pair(1.0, 110.0)) << "it went back: begins anew after the round before";
  EXPECT_EQ(round(130, 9, 125), std::pair(8.0, 110.0));
  baselines.BeginRound({{}, 140, &deadline});
  baselines.EndRound();
  EXPECT_EQ(baselines.size(), 0U);
  EXPECT_EQ(round(150, 9, 145), std::pair(9.0, 145.0));
  EXPECT_EQ(round(160, 10, 155), std::pair(10.0, 155.0)) << "another life although it is ahead";
}

}  // namespace
}  // namespace cachescope::client
