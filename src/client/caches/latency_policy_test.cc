#include "cachescope/caches/latency_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

namespace cachescope::caches {
namespace {

TEST(LatencyPolicyTest, SamplesOneInN) {
  constexpr int kOperations = 640'000;
  int sampled = 0;
  for (int i = 0; i < kOperations; ++i) sampled += SampledLatency<64>::Sample();
  EXPECT_NEAR(sampled, 10'000, 600);  // six standard deviations
}

// A fixed distance of 64 would time one place of this loop only.
TEST(LatencyPolicyTest, EveryPlaceOfALoopIsSampled) {
  std::vector<int> places(16);
  for (int i = 0; i < 1'600'000; ++i) places[static_cast<std::size_t>(i % 16)] += SampledLatency<64>::Sample();
  for (const int place : places) EXPECT_NEAR(place, 1562, 250);
}

TEST(LatencyPolicyTest, ShortThreadsAreNotSampledMore) {
  int sampled = 0;
  for (int t = 0; t < 400; ++t) {
    std::thread([&] {
      for (int i = 0; i < 64; ++i) sampled += SampledLatency<64>::Sample();
    }).join();
  }
  EXPECT_NEAR(sampled, 400, 130);
}

TEST(LatencyPolicyTest, Ends) {
  EXPECT_FALSE(NoLatency::Sample());
  EXPECT_TRUE(EveryLatency<>::Sample());
  int sampled = 0;
  for (int i = 0; i < 10'000; ++i) sampled += SampledLatency<2>::Sample();
  EXPECT_NEAR(sampled, 5000, 600);  // -1/log(1/2) is 1.44, and n - 0.5 is 1.5
}

}  // namespace
}  // namespace cachescope::caches
