#include "server/promql/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "server/promql/eval_histogram.h"
#include "server/promql/eval_quantile.h"

namespace cachescope::promql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Series in memory; optionally sets a flag when one is read, or fails.
class FakeStore final : public storage::Queryable {
 public:
  struct Data {
    Labels labels;
    storage::SampleColumns columns;
  };

  void Add(const Labels& labels, std::vector<double> values, DurationMs step = 60'000) {
    Data data{labels, {}};
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i]) && !IsStaleMarker(values[i])) continue;  // NaN stands for a gap
      data.columns.timestamps.push_back(static_cast<TimestampMs>(i) * step);
      data.columns.values.push_back(values[i]);
    }
    data_.push_back(std::move(data));
  }
  void AddHistograms(const Labels& labels, std::vector<FloatHistogram> values, DurationMs step = 60'000) {
    Data data{labels, {}};
    for (std::size_t i = 0; i < values.size(); ++i) {
      data.columns.histograms.push_back(
          {static_cast<TimestampMs>(i) * step, std::make_shared<const FloatHistogram>(std::move(values[i]))});
    }
    data_.push_back(std::move(data));
  }
  void set_cancel_on_read(std::atomic<bool>* flag) { cancel_on_read_ = flag; }
  void set_error(Status error) { error_ = std::move(error); }
  TimestampMs mint() const { return mint_; }
  TimestampMs maxt() const { return maxt_; }

  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override {
    mint_ = mint;
    maxt_ = maxt;
    return std::make_unique<FakeQuerier>(this);
  }

 private:
  class FakeSeries final : public storage::Series {
   public:
    FakeSeries(FakeStore* store, const Data* data) : store_(*store), data_(*data) {}
    const Labels& labels() const override { return data_.labels; }
    Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
      if (store_.cancel_on_read_ != nullptr) store_.cancel_on_read_->store(true);
      for (std::size_t i = 0; i < data_.columns.timestamps.size(); ++i) {
        if (data_.columns.timestamps[i] < mint || data_.columns.timestamps[i] > maxt) continue;
        out->timestamps.push_back(data_.columns.timestamps[i]);
        out->values.push_back(data_.columns.values[i]);
      }
      for (const auto& h : data_.columns.histograms) {
        if (h.t >= mint && h.t <= maxt) out->histograms.push_back(h);
      }
      return {};
    }

   private:
    FakeStore& store_;
    const Data& data_;
  };

  class FakeQuerier final : public storage::Querier {
   public:
    explicit FakeQuerier(FakeStore* store) : store_(*store) {}
    Result<storage::SeriesSet> Select(bool, const storage::SelectHints&,
                                      const std::vector<Matcher>& matchers) override {
      if (!store_.error_.ok()) return store_.error_;
      storage::SeriesSet set;
      for (const Data& data : store_.data_) {
        bool fits = true;
        for (const Matcher& matcher : matchers) fits = fits && matcher.MatchesLabels(data.labels);
        if (fits) set.series.push_back(std::make_unique<FakeSeries>(&store_, &data));
      }
      return set;
    }
    Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>&, std::size_t) override {
      return std::vector<std::string>();
    }
    Result<std::vector<std::string>> LabelValues(const std::string&, const std::vector<Matcher>&,
                                                 std::size_t) override {
      return std::vector<std::string>();
    }

   private:
    FakeStore& store_;
  };

  std::vector<Data> data_;
  std::atomic<bool>* cancel_on_read_ = nullptr;
  Status error_;
  TimestampMs mint_ = 0;
  TimestampMs maxt_ = 0;
};

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.Add({{"__name__", "requests_total"}, {"code", "200"}, {"host", "b"}}, {0, 60, 120, 180, 240});
    store_.Add({{"__name__", "requests_total"}, {"code", "500"}, {"host", "b"}}, {0, 6, 12, 18, 24});
    store_.Add({{"__name__", "requests_total"}, {"code", "200"}, {"host", "a"}}, {0, 120, 240, 360, 480});
  }

  QueryResult Instant(const std::string& query, TimestampMs at = 240'000, EngineOptions options = {}) {
    auto result = Engine(options).Instant(store_, query, at);
    EXPECT_TRUE(result.ok()) << query << ": " << result.status().ToString();
    return result.ok() ? std::move(*result) : QueryResult();
  }
  Status InstantError(const std::string& query, EngineOptions options = {}, const QueryContext& context = {}) {
    auto result = Engine(options).Instant(store_, query, 240'000, context);
    EXPECT_FALSE(result.ok()) << query;
    return result.status();
  }
  static std::vector<std::string> Show(const QueryResult& result) {
    std::vector<std::string> out;
    for (const ResultSeries& series : result.series) {
      std::string line = series.labels.ToString();
      for (const Sample& s : series.floats) line += " " + std::to_string(static_cast<long long>(std::llround(s.v)));
      out.push_back(std::move(line));
    }
    return out;
  }

  FakeStore store_;
};

TEST_F(EngineTest, ScalarsAndStrings) {
  const QueryResult number = Instant("1 + 2 * 3 ^ 2");
  EXPECT_EQ(number.type, ValueType::kScalar);
  EXPECT_EQ(number.scalar.v, 19);
  EXPECT_EQ(number.scalar.t, 240'000);
  const QueryResult text = Instant("\"a\"");
  EXPECT_EQ(text.type, ValueType::kString);
  EXPECT_EQ(text.string.v, "a");
}

TEST_F(EngineTest, RangeResultIsSortedByLabels) {
  auto result = Engine().Range(store_, "sum by (code, host) (requests_total)", 0, 120'000, 60'000);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->type, ValueType::kMatrix);
  EXPECT_THAT(Show(*result), ElementsAre("{code=\"200\", host=\"a\"} 0 120 240", "{code=\"200\", host=\"b\"} 0 60 120",
                                         "{code=\"500\", host=\"b\"} 0 6 12"));
}

TEST_F(EngineTest, ScalarOverRangeIsOneSeries) {
  auto result = Engine().Range(store_, "time()", 0, 120'000, 60'000);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(*result), ElementsAre("{} 0 60 120"));
}

TEST_F(EngineTest, SortAndTopkKeepTheirOrder) {
  EXPECT_THAT(
      Show(Instant("sort(sum by (host, code) (requests_total))")),
      ElementsAre("{code=\"500\", host=\"b\"} 24", "{code=\"200\", host=\"b\"} 240", "{code=\"200\", host=\"a\"} 480"));
  EXPECT_THAT(Show(Instant("topk(2, sum by (host, code) (requests_total))")),
              ElementsAre("{code=\"200\", host=\"a\"} 480", "{code=\"200\", host=\"b\"} 240"));
  EXPECT_THAT(Show(Instant("bottomk(1, sum by (host, code) (requests_total))")),
              ElementsAre("{code=\"500\", host=\"b\"} 24"));
}

TEST_F(EngineTest, RateExtrapolatesToTheRange) {
  EXPECT_THAT(Show(Instant("rate(requests_total{host=\"a\"}[4m]) * 100")),
              ElementsAre("{code=\"200\", host=\"a\"} 200"));
  EXPECT_THAT(Show(Instant("increase(requests_total{code=\"500\"}[2m])")),
              ElementsAre("{code=\"500\", host=\"b\"} 12"));
}

TEST_F(EngineTest, CounterResetsAreAddedUp) {
  store_.Add({{"__name__", "reset_total"}}, {100, 110, 5, 10, 15});
  EXPECT_THAT(Show(Instant("increase(reset_total[4m1s])")), ElementsAre("{} 25"));
  EXPECT_THAT(Show(Instant("resets(reset_total[10m])")), ElementsAre("{} 1"));
}

TEST_F(EngineTest, LookbackIsLeftOpen) {
  EXPECT_THAT(Instant("requests_total", 240'000 + 300'000 - 1).series, ::testing::SizeIs(3));
  EXPECT_THAT(Instant("requests_total", 240'000 + 300'000).series, IsEmpty());
}

TEST_F(EngineTest, StalenessMarkerEndsSeries) {
  store_.Add({{"__name__", "gone"}}, {1, 2, StaleMarker()});
  EXPECT_THAT(Instant("gone", 119'999).series, ::testing::SizeIs(1));
  EXPECT_THAT(Instant("gone", 120'000).series, IsEmpty());
  EXPECT_THAT(Show(Instant("count_over_time(gone[5m])", 120'000)), ElementsAre("{} 2"));
}

TEST_F(EngineTest, AtAndOffset) {
  EXPECT_THAT(Show(Instant("sum(requests_total @ 60)")), ElementsAre("{} 186"));
  EXPECT_THAT(Show(Instant("sum(requests_total offset 1m)")), ElementsAre("{} 558"));
  auto range = Engine().Range(store_, "sum(requests_total @ end())", 0, 240'000, 120'000);
  ASSERT_TRUE(range.ok());
  EXPECT_THAT(Show(*range), ElementsAre("{} 744 744 744"));
}

TEST_F(EngineTest, SubqueryIsAlignedToItsStep) {
  const QueryResult result = Instant("sum(requests_total)[2m:1m]", 215'000);
  EXPECT_EQ(result.type, ValueType::kMatrix);
  ASSERT_EQ(result.series.size(), 1u);
  ASSERT_EQ(result.series[0].floats.size(), 2u);
  EXPECT_EQ(result.series[0].floats[0].t, 120'000);
  EXPECT_EQ(result.series[0].floats[1].t, 180'000);
}

TEST_F(EngineTest, QuerierCoversWhatTheQueryNeeds) {
  Instant("max_over_time(rate(requests_total[2m])[10m:1m] offset 1m) + requests_total");
  EXPECT_LE(store_.mint(), 240'000 - 60'000 - 600'000 - 120'000);
  EXPECT_EQ(store_.maxt(), 240'000);
}

TEST_F(EngineTest, VectorMatching) {
  store_.Add({{"__name__", "limit"}, {"host", "a"}}, {10, 10, 10, 10, 10});
  store_.Add({{"__name__", "limit"}, {"host", "b"}}, {20, 20, 20, 20, 20});
  EXPECT_THAT(
      Show(Instant("requests_total / on (host) group_left limit")),
      ElementsAre("{code=\"200\", host=\"b\"} 12", "{code=\"500\", host=\"b\"} 1", "{code=\"200\", host=\"a\"} 48"));
  EXPECT_THAT(Show(Instant("requests_total and on (host) limit{host=\"a\"}")),
              ElementsAre("requests_total{code=\"200\", host=\"a\"} 480"));
  EXPECT_THAT(
      std::string(InstantError("limit / on (host) requests_total").message()),
      HasSubstr("found duplicate series for the match group {host=\"b\"} on the right hand-side of the operation"));
  EXPECT_EQ(InstantError("requests_total / on (host) limit").message(),
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
}

TEST_F(EngineTest, DuplicateLabelSetsAreRefused) {
  EXPECT_EQ(InstantError("label_replace(requests_total, \"host\", \"x\", \"host\", \".*\")").message(),
            "vector cannot contain metrics with the same labelset");
  store_.Add({{"__name__", "one"}, {"x", "1"}}, {1, 1, 1, 1, 1});
  store_.Add({{"__name__", "two"}, {"x", "1"}}, {1, 1, 1, 1, 1});
  EXPECT_EQ(InstantError("-{x=\"1\"}").message(), "vector cannot contain metrics with the same labelset");
}

TEST_F(EngineTest, DelayedNameRemovalLetsNamesBeUsed) {
  EngineOptions options;
  options.delayed_name_removal = true;
  EXPECT_THAT(Show(Instant("count by (__name__) (rate(requests_total[5m]))", 240'000, options)), ElementsAre("{} 3"));
  EXPECT_THAT(Show(Instant("label_replace(sum by (__name__) (-requests_total), \"__name__\", \"neg\", \"\", \"\")",
                           240'000, options)),
              ElementsAre("neg -744"));
}

TEST_F(EngineTest, Annotations) {
  store_.Add({{"__name__", "temperature"}}, {1, 2, 3, 4, 5});
  EXPECT_THAT(
      Instant("rate(temperature[5m])").infos,
      ElementsAre("PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
                  "\"temperature\" (1:6)"));
  EXPECT_THAT(Instant("quantile(2, temperature)").warnings,
              ElementsAre("PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"));
}

TEST_F(EngineTest, SampleLimit) {
  EngineOptions options;
  options.max_samples = 2;
  const Status status = InstantError("requests_total", options);
  EXPECT_EQ(status.code(), Code::kLimitExceeded);
  EXPECT_EQ(status.message(), "query processing would load too many samples into memory in query execution");
  EXPECT_EQ(InstantError("rate(requests_total[5m])", options).code(), Code::kLimitExceeded);
  options.max_samples = 1000;
  EXPECT_EQ(Engine(options).Range(store_, "vector(1)", 0, 100'000'000, 1).status().code(), Code::kLimitExceeded);
  EXPECT_EQ(Engine(options).Range(store_, "requests_total @ 60", 0, 1'000'000, 1'000).status().code(),
            Code::kLimitExceeded);
}

TEST_F(EngineTest, SamplesAreCountedAndReleased) {
  EngineOptions options;
  options.max_samples = 12;
  const QueryResult result =
      Instant("sum(requests_total) + sum(requests_total) + sum(requests_total)", 240'000, options);
  EXPECT_EQ(result.samples_read, 9u);
  EXPECT_GE(result.peak_samples, 3u);
  EXPECT_LE(result.peak_samples, 12u);
}

TEST_F(EngineTest, Timeout) {
  EngineOptions options;
  options.timeout = std::chrono::milliseconds(-1);
  const Status status = InstantError("requests_total", options);
  EXPECT_EQ(status.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(status.message(), "query timed out in expression evaluation");
}

TEST_F(EngineTest, TimeoutInsideOneSeries) {
  // Minutes of work for one series: only a look at the clock between two windows ends it.
  EngineOptions options;
  options.timeout = std::chrono::milliseconds(200);
  options.max_samples = 1'000'000'000;
  const Status status = InstantError("max_over_time(quantile_over_time(0.5, vector(1)[1d:1s])[300d:1m])", options);
  EXPECT_EQ(status.code(), Code::kDeadlineExceeded) << status.ToString();
}

TEST_F(EngineTest, Cancel) {
  std::atomic<bool> cancelled{false};
  store_.set_cancel_on_read(&cancelled);
  QueryContext context;
  context.cancelled = &cancelled;
  const Status status = InstantError("requests_total", {}, context);
  EXPECT_EQ(status.code(), Code::kCancelled);
  EXPECT_EQ(status.message(), "query was canceled in expression evaluation");
}

TEST_F(EngineTest, StorageErrorsArePassedOn) {
  store_.set_error(IoError("cannot read block: disk is gone"));
  const Status status = InstantError("requests_total");
  EXPECT_EQ(status.code(), Code::kIoError);
  EXPECT_EQ(status.message(), "expanding series: cannot read block: disk is gone");
}

TEST_F(EngineTest, ExtendedRangeVectors) {
  EngineOptions options;
  options.parser.extended_range_selectors = true;
  const QueryResult anchored = Instant("requests_total{host=\"a\"}[90s] anchored", 200'000, options);
  ASSERT_EQ(anchored.series.size(), 1u);
  std::vector<std::pair<TimestampMs, double>> points;
  for (const Sample& s : anchored.series[0].floats) points.emplace_back(s.t, s.v);
  EXPECT_THAT(points, ElementsAre(::testing::Pair(110'000, 120), ::testing::Pair(120'000, 240),
                                  ::testing::Pair(180'000, 360), ::testing::Pair(200'000, 360)));
  EXPECT_THAT(Show(Instant("increase(requests_total{host=\"a\"}[1m] smoothed)", 210'000, options)),
              ElementsAre("{code=\"200\", host=\"a\"} 120"));
}

TEST_F(EngineTest, WrongTypesForRangeQueries) {
  EXPECT_EQ(Engine().Range(store_, "requests_total[5m]", 0, 60'000, 60'000).status().message(),
            "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector");
  EXPECT_EQ(Engine().Range(store_, "\"a\"", 0, 60'000, 60'000).status().message(),
            "invalid expression type \"string\" for range query, must be Scalar or instant Vector");
  EXPECT_EQ(Engine().Range(store_, "1", 60'000, 0, 60'000).status().code(), Code::kInvalidArgument);
}

TEST_F(EngineTest, ExtremeTimesDoNotOverflow) {
  EXPECT_THAT(Instant("requests_total @ 9000000000000000").series, IsEmpty());
  EXPECT_THAT(Instant("requests_total offset 100y", std::numeric_limits<TimestampMs>::min() / 2).series, IsEmpty());
  EXPECT_THAT(Instant("rate(requests_total[290y])", std::numeric_limits<TimestampMs>::min()).series, IsEmpty());
}

TEST_F(EngineTest, OneTreeForManyEvaluations) {
  auto expr = ParseExpr("sum(requests_total @ start())");
  ASSERT_TRUE(expr.ok());
  const Engine engine;
  for (const TimestampMs at : {60'000, 120'000}) {
    auto result = engine.Evaluate(store_, **expr, "sum(requests_total @ start())", at, at, 0, true, {});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->series[0].floats[0].v, at == 60'000 ? 186 : 372);
  }
}

FloatHistogram Histogram(double count, double sum, std::vector<double> buckets) {
  FloatHistogram h;
  h.count = count;
  h.sum = sum;
  h.positive_spans = {{0, static_cast<std::uint32_t>(buckets.size())}};
  h.positive_buckets = std::move(buckets);
  return h;
}

TEST_F(EngineTest, NativeHistograms) {
  store_.AddHistograms({{"__name__", "latency"}}, {Histogram(4, 5, {1, 2, 1}), Histogram(8, 10, {2, 4, 2})});
  EXPECT_THAT(Show(Instant("histogram_count(latency)", 60'000)), ElementsAre("{} 8"));
  EXPECT_NEAR(Instant("histogram_quantile(0.5, latency)", 60'000).series[0].floats[0].v, std::sqrt(2), 1e-12);
  const QueryResult sum = Instant("latency + latency", 60'000);
  ASSERT_EQ(sum.series.size(), 1u);
  ASSERT_EQ(sum.series[0].histograms.size(), 1u);
  EXPECT_THAT(sum.series[0].histograms[0].h->positive_buckets, ElementsAre(4, 8, 4));
  EXPECT_THAT(Show(Instant("histogram_count(increase(latency[1m1s]))", 60'000)), ElementsAre("{} 4"));
}

TEST(HistogramMathTest, SumAtTheCoarserSchema) {
  FloatHistogram fine = Histogram(3, 3, {1, 1, 1});
  fine.schema = 1;
  FloatHistogram coarse = Histogram(2, 2, {1, 1});
  EXPECT_TRUE(AddHistogram(&coarse, fine).compatible);
  EXPECT_EQ(coarse.schema, 0);
  EXPECT_EQ(coarse.count, 5);
  EXPECT_THAT(coarse.positive_buckets, ElementsAre(2, 3));
}

TEST(HistogramMathTest, CustomBoundsAreReconciled) {
  FloatHistogram a = Histogram(3, 3, {1, 1, 1});
  a.schema = kCustomBucketsSchema;
  a.custom_values = {1, 2};
  FloatHistogram b = Histogram(2, 2, {1, 1});
  b.schema = kCustomBucketsSchema;
  b.custom_values = {2};
  const HistogramSumResult result = AddHistogram(&a, b);
  EXPECT_TRUE(result.compatible);
  EXPECT_TRUE(result.bounds_reconciled);
  EXPECT_THAT(a.custom_values, ElementsAre(2));
  EXPECT_THAT(a.positive_buckets, ElementsAre(3, 2));
  FloatHistogram exponential = Histogram(1, 1, {1});
  EXPECT_FALSE(AddHistogram(&a, exponential).compatible);
}

TEST(QuantileTest, Interpolates) {
  std::vector<double> values = {3, 1, 2};
  EXPECT_EQ(Quantile(0.25, &values), 1.5);
  EXPECT_EQ(Quantile(2, &values), std::numeric_limits<double>::infinity());
  std::vector<ClassicBucket> buckets = {{std::numeric_limits<double>::infinity(), 10}, {1, 5}, {2, 4}};
  const BucketQuantileResult result = BucketQuantile(0.25, &buckets);
  EXPECT_TRUE(result.forced_monotonic);
  EXPECT_EQ(result.value, 0.5);
}

}  // namespace
}  // namespace cachescope::promql
