#include "client/kits/kit_calls_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "cachescope/exposition.h"
#include "client/allocation_counter_test.h"

namespace cachescope::kits {
namespace {

using testing::IsEmpty;

static_assert(noexcept(std::declval<PredictiveCacheKit&>().RecordLookup(true, 0.0)));
static_assert(noexcept(std::declval<PredictiveCacheKit&>().RecordModelUpdate("", 0.0, 0.0)));
static_assert(noexcept(std::declval<SemanticCacheKit&>().RecordSearch(Outcome::kSuccess, 0.0, 0.0)));
static_assert(noexcept(std::declval<VectorCacheKit&>().SetIndexSetting("", "")));
static_assert(noexcept(std::declval<TwoTierKit&>().RecordLookup(Answered::kL1, 0.0)));
static_assert(noexcept(std::declval<HttpKit&>().Begin({})));
static_assert(noexcept(std::declval<SearchKit&>().RecordSearch("", "", "", 0.0, 0)));
static_assert(noexcept(std::declval<ApplicationKit&>().RecordProcessing("", 0, 0.0)));
static_assert(noexcept(std::declval<SystemKit&>().Sample()));

TEST(Kits, CallsDoNotAllocateOnceLabelValuesAreKnown) {
  AllKits kits;
  const std::string names[] = {"a name that is longer than any small string", "second", "third",
                               "this one is beyond every bound and folded, again and again"};
  for (const std::string& name : names) {
    kits.CallLayers(name);
    kits.CallService(name);
  }
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 50; ++i) {
    for (const std::string& name : names) {
      kits.CallLayers(name);
      kits.CallService(name);
    }
  }
  EXPECT_EQ(client::AllocationCountForTest(), before);
  EXPECT_THAT(kits.layers.Errors(), IsEmpty());
}

TEST(Kits, ThreadsRecordWhileOthersScrape) {
  AllKits kits;
  constexpr int kThreads = 4;
  constexpr int kRounds = 200;
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    while (!done) {
      Text(kits.layers);
      kits.tiers.Collect();
      kits.system.Sample();
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        const std::string name = "name-" + std::to_string((i + t) % 8);
        kits.CallLayers(name);
        kits.CallService(name);
        kits.vector.SetIndexSetting("metric", i % 2 == 0 ? "cosine" : "l2");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  scraper.join();
  constexpr double kCalls = kThreads * kRounds;
  const catalogue::PredictiveCacheMetrics predictive(kits.layers);
  EXPECT_EQ(predictive.hits.With("predictive").Value(), kCalls);
  double evictions = 0;
  double requests = 0;
  for (const FamilySnapshot& family : kits.layers.Collect()) {
    for (const SeriesSnapshot& series : family.series) {
      if (family.name == "predictive_cache_evictions_total") evictions += series.value;
      if (family.name == "http_requests_total") requests += series.value;
    }
  }
  EXPECT_EQ(evictions, kCalls);
  EXPECT_EQ(requests, kCalls) << "folded, not lost";
}

}  // namespace
}  // namespace cachescope::kits
