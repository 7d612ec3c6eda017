#include "server/doctor/alert_explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "server/promql/memory_store.h"

namespace cachescope::doctor {
namespace {

constexpr TimestampMs kNow = 1'767'225'600'000;
constexpr DurationMs kStep = 15'000;
constexpr DurationMs kMinute = 60'000;

class AlertExplanationTest : public testing::Test {
 protected:
  // value(t) every 15 s over the last 90 minutes, NaN: none.
  template <typename Value>
  void Fill(const Labels& labels, const Value& value) {
    const auto appender = store_.NewAppender();
    for (TimestampMs t = kNow - 90 * kMinute; t <= kNow; t += kStep) {
      const double v = value(t);
      if (!std::isnan(v)) {
        ASSERT_TRUE(appender->Append(0, labels, t, v).ok());
      }
    }
    ASSERT_TRUE(appender->Commit().ok());
  }
  // A counter with the given rate per second.
  template <typename Rate>
  void FillCounter(const Labels& labels, const Rate& rate) {
    double total = 0;
    Fill(labels, [&](TimestampMs t) { return total += rate(t) * 15; });
  }
  AlertExplanation Explain(const std::string& query, const Labels& labels) {
    ExplanationRequest request;
    request.query = query;
    request.labels = labels;
    request.rule_labels = Labels{{"severity", "page"}};
    request.began = began_;
    request.now = kNow;
    auto out = ExplainAlert(engine_, store_, request);
    EXPECT_TRUE(out.ok()) << out.status().ToString();
    return out.ok() ? *out : AlertExplanation();
  }

  const TimestampMs began_ = kNow - 5 * kMinute;
  const Labels alert_{{"alertname", "Low"}, {"severity", "page"}, {"instance", "a:1"}};
  promql::Engine engine_;
  promql::MemoryStore store_;
};

TEST_F(AlertExplanationTest, ShowsTheLeftSideOfAComparisonForThisAlertOnly) {
  Fill({{"__name__", "ratio"}, {"instance", "a:1"}}, [&](TimestampMs t) { return t < began_ ? 0.9 : 0.2; });
  Fill({{"__name__", "ratio"}, {"instance", "b:1"}}, [](TimestampMs) { return 0.5; });
  const AlertExplanation out = Explain("(ratio < 0.6) and on (instance) ratio", alert_);
  EXPECT_EQ(out.values.comparison, "<");
  EXPECT_EQ(out.values.threshold, 0.6);
  EXPECT_EQ(out.values.query, "ratio");
  ASSERT_EQ(out.values.points.size(), kPoints);
  EXPECT_EQ(out.values.points.front().v, 0.9);
  EXPECT_EQ(out.values.points.back().v, 0.2);
}

TEST_F(AlertExplanationTest, ANumberOnTheLeftTurnsTheComparisonRound) {
  Fill({{"__name__", "ratio"}, {"instance", "a:1"}}, [](TimestampMs) { return 0.1; });
  const AlertValues values = Explain("-0.5 >= ratio", alert_).values;
  EXPECT_EQ(values.comparison, "<=");
  EXPECT_EQ(values.threshold, -0.5);
  EXPECT_EQ(values.query, "ratio");
}

TEST_F(AlertExplanationTest, NamesWhatMovedStrongestFirstAndNotWhatDidNot) {
  FillCounter({{"__name__", "evicted_total"}, {"instance", "a:1"}},
              [&](TimestampMs t) { return t < began_ - 2 * kMinute ? 1 : 400; });
  FillCounter({{"__name__", "commands_total"}, {"instance", "a:1"}},
              [&](TimestampMs t) { return 100 + std::sin(static_cast<double>(t)) * 10; });
  Fill({{"__name__", "memory_bytes"}, {"instance", "a:1"}}, [&](TimestampMs t) { return t < began_ ? 1000 : 1100; });
  FillCounter({{"__name__", "evicted_total"}, {"instance", "b:1"}},
              [&](TimestampMs t) { return t < began_ ? 1 : 900; });
  Fill({{"__name__", "constant"}, {"instance", "a:1"}}, [](TimestampMs) { return 7; });
  const AlertExplanation out = Explain("constant > 0", alert_);
  ASSERT_EQ(out.moved.size(), 2U);
  EXPECT_EQ(out.moved[0].series.metric_name(), "evicted_total");
  EXPECT_EQ(out.moved[0].series.Get("instance"), "a:1");
  EXPECT_TRUE(out.moved[0].rate);
  EXPECT_NEAR(out.moved[0].before, 1, 1e-9);
  EXPECT_NEAR(out.moved[0].after, 400, 1e-9);
  EXPECT_EQ(out.moved[0].onset, began_ - 2 * kMinute) << "the cause began before the alert";
  EXPECT_EQ(out.moved[1].series.metric_name(), "memory_bytes");
  EXPECT_EQ(out.moved[1].onset, began_);
}

TEST_F(AlertExplanationTest, FindsRestartsReloadsAndChangedInfo) {
  Fill({{"__name__", "process_start_time_seconds"}, {"instance", "a:1"}},
       [&](TimestampMs t) { return t < began_ - kMinute ? 1000.0 : 5000.0; });
  Fill({{"__name__", "redis_uptime_in_seconds"}, {"instance", "a:1"}},
       [&](TimestampMs t) { return static_cast<double>(t < began_ ? t - kNow + 100 * kMinute : t - began_) / 1000; });
  Fill({{"__name__", "redis_instance_info"}, {"instance", "a:1"}, {"role", "master"}},
       [&](TimestampMs t) { return t < began_ ? 1.0 : std::nan(""); });
  Fill({{"__name__", "redis_instance_info"}, {"instance", "a:1"}, {"role", "slave"}},
       [&](TimestampMs t) { return t >= began_ ? 1.0 : std::nan(""); });
  Fill({{"__name__", "build_info"}, {"instance", "a:1"}, {"version", "1"}}, [](TimestampMs) { return 1.0; });
  const AlertExplanation out = Explain("up == 0", alert_);
  EXPECT_TRUE(std::is_sorted(out.changes.begin(), out.changes.end(),
                             [](const Change& a, const Change& b) { return a.at < b.at; }));
  std::vector<std::string> told;
  for (const Change& change : out.changes) told.push_back(change.kind + ": " + change.text);
  EXPECT_THAT(told,
              testing::UnorderedElementsAre("restart: restarted", "info: redis_instance_info is no more: role=master",
                                            "restart: restarted", "info: redis_instance_info is now: role=slave"));
}

TEST_F(AlertExplanationTest, WithoutIdentifyingLabelsAllSeriesAreLookedAt) {
  Fill({{"__name__", "g"}, {"instance", "z"}}, [&](TimestampMs t) { return t < began_ ? 1 : 9; });
  const AlertExplanation out = Explain("g > 5", Labels{{"alertname", "X"}});
  EXPECT_EQ(out.series_read, 1U);
  EXPECT_EQ(out.moved.size(), 1U);
}

TEST_F(AlertExplanationTest, AStoreWithTooMuchIsCutAndSaysSo) {
  const auto appender = store_.NewAppender();
  for (std::size_t i = 0; i < kSeries + 50; ++i) {
    const Labels labels{{"__name__", "m"}, {"instance", "a:1"}, {"i", std::to_string(i)}};
    ASSERT_TRUE(appender->Append(0, labels, kNow - kMinute, 1).ok());
  }
  ASSERT_TRUE(appender->Commit().ok());
  const AlertExplanation out = Explain("m > 0", alert_);
  EXPECT_TRUE(out.series_cut);
  EXPECT_EQ(out.series_read, kSeries);
}

TEST_F(AlertExplanationTest, AQueryThatDoesNotParseIsAnError) {
  ExplanationRequest request;
  request.query = "rate(";
  request.now = kNow;
  EXPECT_EQ(ExplainAlert(engine_, store_, request).status().code(), Code::kInvalidArgument);
}

TEST(Bars, ScaleBetweenLeastAndGreatest) {
  EXPECT_EQ(Bars({}), "");
  EXPECT_EQ(Bars({{0, 1}, {1, 2}, {2, 3}, {3, 4}}), "▁▃▆█ 1 … 4");
  EXPECT_EQ(Bars({{0, 5}, {1, 5}}), "▁▁ 5 … 5");
  EXPECT_EQ(Bars({{0, std::nan("")}, {1, 0.125}}), "▁ 0.125 … 0.125");
  EXPECT_EQ(Bars({{0, 0}, {1, 0}, {2, 10}, {3, 10}}, 2), "▁█ 0 … 10");
}

}  // namespace
}  // namespace cachescope::doctor
