#include "server/collect/scrape_batch.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "server/collect/collect_test_support.h"
#include "server/collect/page_source.h"

namespace cachescope::collect {
namespace {

constexpr TimestampMs kStart = 1'000'000'000;

class ScrapeBatchTest : public ::testing::Test {
 protected:
  ScrapeBatchTest() : clock_(kStart), store_(&clock_) {}

  ScrapeBatch& Batch() {
    if (!batch_) batch_ = std::make_unique<ScrapeBatch>(target_, settings_, &metadata_, &store_, &counters_);
    return *batch_;
  }
  // One scrape of a page; failures are finished as the loop does it.
  Status Scrape(std::string_view page, wire::ExpositionDialect dialect = wire::ExpositionDialect::kText) {
    clock_.AdvanceMs(1000);
    Batch().Begin(clock_.NowMs());
    PageReader reader(page, dialect);
    Status status;
    for (bool done = false; status.ok() && !done;) status = reader.Read(3, Batch(), &done);
    if (status.ok()) status = Batch().failure();
    if (status.ok()) status = Batch().FinishGood(0.5);
    if (!status.ok()) {
      Batch().Fail();
      static_cast<void>(Batch().FinishFailed(0.5));
    }
    return status;
  }
  Sample Last(const std::string& series) const {
    const auto samples = store_.Of(series);
    EXPECT_FALSE(samples.empty()) << series;
    return samples.empty() ? Sample() : samples.back();
  }
  bool EndsStale(const std::string& series) const {
    return IsStaleMarker(Last(series).v) && Last(series).t == clock_.NowMs();
  }

  SimulatedClock clock_;
  RecordingStore store_;
  Labels target_{{"instance", "i"}, {"job", "j"}};
  SampleSettings settings_;
  MetadataStore metadata_;
  CollectCounters counters_;
  std::unique_ptr<ScrapeBatch> batch_;
};

TEST_F(ScrapeBatchTest, AttachesTargetLabelsAndReports) {
  ASSERT_TRUE(Scrape("# TYPE a counter\n# HELP a Says \\\\ hi.\na 1\na{z=\"q\"} 2\n").ok());
  EXPECT_EQ(Last("a{instance=\"i\", job=\"j\"}").v, 1);
  EXPECT_EQ(Last("a{instance=\"i\", job=\"j\", z=\"q\"}").v, 2);
  EXPECT_EQ(Last("up{instance=\"i\", job=\"j\"}").v, 1);
  EXPECT_EQ(Last("scrape_duration_seconds{instance=\"i\", job=\"j\"}").v, 0.5);
  EXPECT_EQ(Last("scrape_samples_scraped{instance=\"i\", job=\"j\"}").v, 2);
  EXPECT_EQ(Last("scrape_samples_post_metric_relabeling{instance=\"i\", job=\"j\"}").v, 2);
  EXPECT_EQ(Last("scrape_series_added{instance=\"i\", job=\"j\"}").v, 2);
  ASSERT_TRUE(Scrape("a 1\na{z=\"q\"} 3\n").ok());
  EXPECT_EQ(Last("scrape_series_added{instance=\"i\", job=\"j\"}").v, 0);
  EXPECT_EQ(store_.Of("a{instance=\"i\", job=\"j\", z=\"q\"}").size(), 2U);
}

TEST_F(ScrapeBatchTest, MetadataFollowsThePage) {
  ASSERT_TRUE(Scrape("# TYPE a counter\n# HELP a Says \\\\ hi.\na 1\n# TYPE b gauge\nb 1\n").ok());
  MetricMetadata got;
  ASSERT_TRUE(metadata_.Get("a", &got));
  EXPECT_EQ(got.type, MetricType::kCounter);
  EXPECT_EQ(got.help, "Says \\ hi.");
  EXPECT_EQ(metadata_.All().size(), 2U);
  ASSERT_TRUE(Scrape("# TYPE b gauge\nb 1\n").ok());
  EXPECT_FALSE(metadata_.Get("a", &got));
}

TEST_F(ScrapeBatchTest, VanishedSeriesEndStale) {
  ASSERT_TRUE(Scrape("a 1\nb 1\n").ok());
  ASSERT_TRUE(Scrape("b 1\n").ok());
  EXPECT_TRUE(EndsStale("a{instance=\"i\", job=\"j\"}"));
  ASSERT_TRUE(Scrape("b 1\n").ok());
  EXPECT_EQ(store_.Of("a{instance=\"i\", job=\"j\"}").size(), 2U);
  ASSERT_TRUE(Scrape("a 5\nb 1\n").ok());
  EXPECT_EQ(Last("a{instance=\"i\", job=\"j\"}").v, 5);
  EXPECT_EQ(counters_.stale_markers, 1U);
}

TEST_F(ScrapeBatchTest, AnotherSpellingOfTheSameSeriesDoesNotEndIt) {
  ASSERT_TRUE(Scrape("a{x=\"1\",y=\"2\"} 1\n").ok());
  ASSERT_TRUE(Scrape("a{y=\"2\",x=\"1\"} 2\n").ok());
  EXPECT_EQ(Last("a{instance=\"i\", job=\"j\", x=\"1\", y=\"2\"}").v, 2);
  EXPECT_EQ(counters_.stale_markers, 0U);
}

TEST_F(ScrapeBatchTest, SeriesWithTheirOwnTimeAreNotEnded) {
  ASSERT_TRUE(Scrape("a 1 " + std::to_string(kStart) + "\n").ok());
  ASSERT_TRUE(Scrape("b 1\n").ok());
  EXPECT_EQ(store_.Of("a{instance=\"i\", job=\"j\"}").size(), 1U);
  EXPECT_EQ(Last("a{instance=\"i\", job=\"j\"}").t, kStart);
}

TEST_F(ScrapeBatchTest, HonorTimestampsFalseUsesTheScrapeTime) {
  settings_.honor_timestamps = false;
  ASSERT_TRUE(Scrape("a 1 5\n").ok());
  EXPECT_EQ(Last("a{instance=\"i\", job=\"j\"}").t, clock_.NowMs());
}

TEST_F(ScrapeBatchTest, AFailureRollsBackEndsEverythingAndReportsDown) {
  ASSERT_TRUE(Scrape("a 1\nb 1\n").ok());
  const Status status = Scrape("a 2\nc 3\nbroken line here\n");
  EXPECT_EQ(status.code(), Code::kCorruption);
  EXPECT_EQ(status.message().substr(0, 7), "line 3:");
  EXPECT_TRUE(EndsStale("a{instance=\"i\", job=\"j\"}"));
  EXPECT_TRUE(EndsStale("b{instance=\"i\", job=\"j\"}"));
  EXPECT_TRUE(store_.Of("c{instance=\"i\", job=\"j\"}").empty());
  EXPECT_EQ(Last("up{instance=\"i\", job=\"j\"}").v, 0);
  // A second failure ends nothing twice; a good scrape goes on.
  EXPECT_FALSE(Scrape("a 2\nbroken line here\n").ok());
  EXPECT_EQ(store_.Of("a{instance=\"i\", job=\"j\"}").size(), 2U);
  ASSERT_TRUE(Scrape("a 3\n").ok());
  EXPECT_EQ(Last("a{instance=\"i\", job=\"j\"}").v, 3);
  EXPECT_EQ(Last("up{instance=\"i\", job=\"j\"}").v, 1);
}

TEST_F(ScrapeBatchTest, SamplesOfAFailedTargetAreKeptAndEndLater) {
  ASSERT_TRUE(Scrape("redis_up 1\na 1\n").ok());
  clock_.AdvanceMs(1000);
  Batch().Begin(clock_.NowMs());
  Batch().Fail();
  ASSERT_TRUE(Batch().Add("redis_up", {}, 0).ok());
  ASSERT_TRUE(Batch().FinishFailed(0.1).ok());
  EXPECT_EQ(Last("redis_up{instance=\"i\", job=\"j\"}").v, 0);
  EXPECT_TRUE(EndsStale("a{instance=\"i\", job=\"j\"}"));
}

TEST_F(ScrapeBatchTest, FirstOfDuplicatesWinsAndIsCounted) {
  ASSERT_TRUE(Scrape("a 1\na 2\na{x=\"\"} 3\n").ok());
  EXPECT_EQ(Last("a{instance=\"i\", job=\"j\"}").v, 1);
  EXPECT_EQ(counters_.duplicates, 1U);  // the third is another text: the store's batch settles it
}

TEST_F(ScrapeBatchTest, ReportNamesBelongToTheServer) {
  ASSERT_TRUE(Scrape("up 42\nscrape_duration_seconds 9\nup{other=\"x\"} 7\n").ok());
  EXPECT_EQ(Last("up{instance=\"i\", job=\"j\"}").v, 1);
  EXPECT_EQ(Last("scrape_duration_seconds{instance=\"i\", job=\"j\"}").v, 0.5);
  EXPECT_EQ(Last("up{instance=\"i\", job=\"j\", other=\"x\"}").v, 7);
  EXPECT_EQ(counters_.report_conflicts, 2U);
}

TEST_F(ScrapeBatchTest, ConflictingLabelsMoveToExported) {
  ASSERT_TRUE(Scrape("a{job=\"x\",instance=\"y\",exported_job=\"z\"} 1\n").ok());
  EXPECT_EQ(
      Last("a{exported_exported_job=\"x\", exported_instance=\"y\", exported_job=\"z\", instance=\"i\", job=\"j\"}").v,
      1);
}

TEST_F(ScrapeBatchTest, HonorLabelsLetsTheTargetWin) {
  settings_.honor_labels = true;
  ASSERT_TRUE(Scrape("a{job=\"x\"} 1\nup{job=\"x\"} 0\n").ok());
  EXPECT_EQ(Last("a{instance=\"i\", job=\"x\"}").v, 1);
  EXPECT_EQ(Last("up{instance=\"i\", job=\"x\"}").v, 0);
}

TEST_F(ScrapeBatchTest, MetricRelabellingDropsAndRenames) {
  RelabelOptions drop;
  drop.action = RelabelAction::kDrop;
  drop.source_labels = {"__name__"};
  drop.regex = "go_.*";
  RelabelOptions rename;
  rename.source_labels = {"__name__"};
  rename.regex = "old_(.*)";
  rename.target_label = "__name__";
  rename.replacement = "new_$1";
  settings_.metric_relabel = {*RelabelRule::New(drop), *RelabelRule::New(rename)};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Scrape("go_x 1\nold_y 2\n").ok());
  EXPECT_TRUE(store_.Of("go_x{instance=\"i\", job=\"j\"}").empty());
  EXPECT_EQ(store_.Of("new_y{instance=\"i\", job=\"j\"}").size(), 2U);
  EXPECT_EQ(Last("scrape_samples_scraped{instance=\"i\", job=\"j\"}").v, 2);
  EXPECT_EQ(Last("scrape_samples_post_metric_relabeling{instance=\"i\", job=\"j\"}").v, 1);
}

TEST_F(ScrapeBatchTest, LimitsFailTheWholeScrape) {
  settings_.limits.samples = 2;
  EXPECT_TRUE(Scrape("a 1\nb 1\n").ok());
  EXPECT_EQ(Scrape("a 1\nb 1\nc 1\n").code(), Code::kLimitExceeded);
  EXPECT_TRUE(EndsStale("a{instance=\"i\", job=\"j\"}"));
  EXPECT_TRUE(Scrape("a 1\nb 1\n").ok());
}

TEST_F(ScrapeBatchTest, LabelLimits) {
  settings_.limits.labels = 4;
  settings_.limits.label_name_bytes = 10;
  settings_.limits.label_value_bytes = 5;
  EXPECT_TRUE(Scrape("a{b=\"12345\"} 1\n").ok());
  EXPECT_EQ(Scrape("a{b=\"c\",d=\"e\"} 1\n").code(), Code::kLimitExceeded);
  EXPECT_EQ(Scrape("a{b=\"123456\"} 1\n").code(), Code::kLimitExceeded);
  EXPECT_EQ(Scrape("a{b2345678901=\"c\"} 1\n").code(), Code::kLimitExceeded);
}

TEST_F(ScrapeBatchTest, ATimestampFarAheadIsRefusedAloneAndTheRestKept) {
  ASSERT_TRUE(Scrape("a 1 " + std::to_string(kStart + 400LL * 86'400'000) + "\nb 1\nc 1 -\n").code() ==
              Code::kCorruption);
  ASSERT_TRUE(Scrape("a 1 " + std::to_string(kStart + 400LL * 86'400'000) + "\nb 1\n").ok());
  EXPECT_TRUE(store_.Of("a{instance=\"i\", job=\"j\"}").empty());
  EXPECT_EQ(Last("b{instance=\"i\", job=\"j\"}").v, 1);
  EXPECT_EQ(counters_.out_of_bounds, 2U);
}

TEST_F(ScrapeBatchTest, ValuesAreKeptBitForBitAndNanIsCanonical) {
  ASSERT_TRUE(Scrape("a NaN\nb -0\nc +Inf\nd 5e-324\n").ok());
  const auto bits = [&](const char* name) {
    return std::bit_cast<std::uint64_t>(Last(std::string(name) + "{instance=\"i\", job=\"j\"}").v);
  };
  EXPECT_EQ(bits("a"), kNormalNanBits);
  EXPECT_EQ(bits("b"), std::uint64_t{1} << 63);
  EXPECT_EQ(bits("c"), std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(bits("d"), 1U);
  clock_.AdvanceMs(1000);
  Batch().Begin(clock_.NowMs());
  ASSERT_TRUE(Batch().Add("e", {}, StaleMarker()).ok());
  ASSERT_TRUE(Batch().FinishGood(0).ok());
  EXPECT_EQ(bits("e"), kNormalNanBits);
}

TEST_F(ScrapeBatchTest, SourcesMustNameTheirMetricsWell) {
  Batch().Begin(kStart);
  EXPECT_FALSE(Batch().Add("", {}, 1).ok());
  Batch().Fail();
  Batch().Begin(kStart);
  EXPECT_FALSE(Batch().Add("a", {{"x", "\xff"}}, 1).ok());
  Batch().Fail();
  Batch().Begin(kStart);
  EXPECT_FALSE(Batch().Add("a", {{"x", "1"}, {"x", "2"}}, 1).ok());
  Batch().Abandon();
}

TEST_F(ScrapeBatchTest, AStoreThatCannotCommitMeansDown) {
  ASSERT_TRUE(Scrape("a 1\n").ok());
  store_.FailCommits(true);
  EXPECT_EQ(Scrape("a 2\n").code(), Code::kIoError);
  store_.FailCommits(false);
  ASSERT_TRUE(Scrape("a 3\n").ok());
  EXPECT_EQ(store_.Of("a{instance=\"i\", job=\"j\"}").size(), 2U);
}

TEST_F(ScrapeBatchTest, EndMarkersCoverReportSeries) {
  ASSERT_TRUE(Scrape("a 1\n").ok());
  clock_.AdvanceMs(1000);
  ASSERT_TRUE(Batch().WriteEndMarkers(clock_.NowMs()).ok());
  EXPECT_TRUE(EndsStale("a{instance=\"i\", job=\"j\"}"));
  EXPECT_TRUE(EndsStale("up{instance=\"i\", job=\"j\"}"));
}

TEST_F(ScrapeBatchTest, EndlessNewSeriesLeaveNothingBehind) {
  settings_.limits.samples = 1000;
  for (int round = 0; round < 5; ++round) {
    std::string page;
    for (int i = 0; i < 2000; ++i) page += "a{r=\"" + std::to_string(round) + "\",i=\"" + std::to_string(i) + "\"} 1\n";
    EXPECT_EQ(Scrape(page).code(), Code::kLimitExceeded);
  }
  EXPECT_EQ(store_.SeriesNames().size(), 5U);
}

}  // namespace
}  // namespace cachescope::collect
