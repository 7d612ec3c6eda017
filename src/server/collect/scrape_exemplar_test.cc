// Exemplars on their way from an OpenMetrics page into the exemplar store.
#include <gtest/gtest.h>

#include "server/collect/collect_test_support.h"
#include "server/collect/page_source.h"
#include "server/collect/scrape_batch.h"
#include "server/storage/exemplar_store.h"

namespace cachescope::collect {
namespace {

constexpr TimestampMs kStart = 1'000'000'000;

class ScrapeExemplarTest : public ::testing::Test {
 protected:
  bool Scrape(std::string_view page) {
    clock_.AdvanceMs(1000);
    batch_.Begin(clock_.NowMs());
    PageReader reader(page, wire::ExpositionDialect::kOpenMetrics);
    Status status;
    for (bool done = false; status.ok() && !done;) status = reader.Read(3, batch_, &done);
    if (status.ok()) return batch_.FinishGood(0.5).ok();
    batch_.Fail();
    static_cast<void>(batch_.FinishFailed(0.5));
    return false;
  }
  std::vector<storage::SeriesExemplars> All() const {
    return exemplars_->Select(0, 2 * kStart, {{*Matcher::New(MatchType::kRegex, "__name__", ".+")}});
  }

  SimulatedClock clock_{kStart};
  RecordingStore store_{&clock_};
  std::unique_ptr<storage::ExemplarStore> exemplars_ = storage::ExemplarStore::NewInMemory(100);
  Labels target_{{"instance", "i"}};
  SampleSettings settings_;
  MetadataStore metadata_;
  CollectCounters counters_;
  ScrapeBatch batch_{target_, settings_, &metadata_, &store_, &counters_, exemplars_.get()};
};

TEST_F(ScrapeExemplarTest, StoresThemWithTheLabelsOfTheirSeries) {
  constexpr std::string_view kPage =
      "# TYPE a counter\na_total{z=\"q\"} 2 # {trace_id=\"x\"} 0.5 1000000.5\nb 1\n"
      "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1 # {trace_id=\"y \\\"quoted\\\"\"} 0.7\n# EOF\n";
  ASSERT_TRUE(Scrape(kPage));
  // The same page again: nothing new, with and without a time of its own.
  ASSERT_TRUE(Scrape(kPage));
  const auto found = All();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].series, (Labels{{"__name__", "a_total"}, {"instance", "i"}, {"z", "q"}}));
  ASSERT_EQ(found[0].exemplars.size(), 1U);
  EXPECT_EQ(found[0].exemplars[0].labels, (Labels{{"trace_id", "x"}}));
  EXPECT_EQ(found[0].exemplars[0].value, 0.5);
  EXPECT_EQ(found[0].exemplars[0].t, 1'000'000'500);
  ASSERT_EQ(found[1].exemplars.size(), 1U);
  EXPECT_EQ(found[1].exemplars[0].labels, (Labels{{"trace_id", "y \"quoted\""}}));
  EXPECT_EQ(found[1].exemplars[0].t, kStart + 1000);
}

TEST_F(ScrapeExemplarTest, KeepsNothingOfAFailedScrape) {
  EXPECT_FALSE(Scrape("a_total 2 # {trace_id=\"x\"} 0.5 1\nbroken{\n# EOF\n"));
  EXPECT_TRUE(All().empty());
}

TEST_F(ScrapeExemplarTest, RefusedExemplarsDoNotRefuseSamples) {
  const std::string wide(200, 'x');
  ASSERT_TRUE(Scrape("a_total 2 # {trace_id=\"" + wide + "\"} 0.5 1\n# EOF\n"));
  EXPECT_TRUE(All().empty());
  EXPECT_EQ(exemplars_->exemplar_stats().invalid, 1U);
  EXPECT_EQ(store_.Of("a_total{instance=\"i\"}").size(), 1U);
}

}  // namespace
}  // namespace cachescope::collect
