#include "cachescope/caches/access_sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/caches/instrumented_cache.h"
#include "cachescope/caches/lru_map.h"
#include "cachescope/cachescope.h"

namespace cachescope::caches {
namespace {

TEST(AccessSamplerTest, AKeyIsAlwaysSampledOrNever) {
  AccessBuffer buffer(200'000);
  const AccessSampler sampler(0.1, &AccessBuffer::Take, &buffer, 42);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t key = 0; key < 50'000; ++key) {
      sampler.OnAccess(key, CacheOperation::kGet, LookupOutcome::kHit);
    }
  }
  std::vector<AccessSample> samples;
  buffer.Drain(&samples);
  std::set<std::uint64_t> keys;
  for (const AccessSample& sample : samples) keys.insert(sample.hash);
  EXPECT_EQ(samples.size(), 3 * keys.size());
  EXPECT_NEAR(static_cast<double>(keys.size()), 5000, 250);
  EXPECT_EQ(buffer.dropped(), 0U);
}

TEST(AccessSamplerTest, SeedsChooseOtherKeys) {
  const AccessSampler one(0.1, nullptr, nullptr, 1);
  const AccessSampler two(0.1, nullptr, nullptr, 2);
  int both = 0;
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    both += one.Mix(key) < one.threshold() && two.Mix(key) < two.threshold();
  }
  EXPECT_NEAR(both, 1000, 200);
}

TEST(AccessSamplerTest, RatesAtTheEnds) {
  int calls = 0;
  const auto count = [](void* n, const AccessSample&) noexcept { ++*static_cast<int*>(n); };
  const AccessSampler none(0, count, &calls);
  AccessSampler all(2, count, &calls);
  const AccessSampler bad(std::nan(""), count, &calls);
  none.OnAccess(1, CacheOperation::kGet, LookupOutcome::kHit);
  bad.OnAccess(1, CacheOperation::kGet, LookupOutcome::kHit);
  EXPECT_EQ(calls, 0);
  all.OnAccess(1, CacheOperation::kGet, LookupOutcome::kHit);
  EXPECT_EQ(calls, 1);
  all.set_threshold(0);
  all.OnAccess(1, CacheOperation::kGet, LookupOutcome::kHit);
  EXPECT_EQ(calls, 1);
}

TEST(AccessSamplerTest, CacheSaysWhatWasDone) {
  Registry registry;
  AccessBuffer buffer(100);
  const AccessSampler sampler(1, &AccessBuffer::Take, &buffer);
  LruMap<std::string, std::string> bare;
  auto cache = Instrument<NoLatency>(registry, {}, sampler, bare);
  cache.Set("key", std::string("value"));
  cache.Get("key");
  cache.Get("other");
  cache.Erase("key");
  cache.GetHashed(7, "third");
  std::vector<AccessSample> samples;
  buffer.Drain(&samples);
  ASSERT_EQ(samples.size(), 5U);
  EXPECT_EQ(samples[0].operation, CacheOperation::kSet);
  EXPECT_EQ(samples[0].bytes, 5U);
  EXPECT_EQ(samples[1].operation, CacheOperation::kGet);
  EXPECT_EQ(samples[1].outcome, LookupOutcome::kHit);
  EXPECT_EQ(samples[1].hash, samples[0].hash);
  EXPECT_EQ(samples[2].outcome, LookupOutcome::kMiss);
  EXPECT_NE(samples[2].hash, samples[0].hash);
  EXPECT_EQ(samples[3].operation, CacheOperation::kDelete);
  EXPECT_EQ(samples[4].hash, sampler.Mix(7));
}

TEST(AccessBufferTest, FullBufferDropsAndCounts) {
  AccessBuffer buffer(10);
  for (std::uint64_t i = 0; i < 25; ++i) AccessBuffer::Take(&buffer, {.hash = i});
  EXPECT_EQ(buffer.dropped(), 15U);
  std::vector<AccessSample> samples;
  buffer.Drain(&samples);
  ASSERT_EQ(samples.size(), 10U);
  EXPECT_EQ(samples[9].hash, 9U);
  AccessBuffer::Take(&buffer, {});
  buffer.Drain(&samples);
  EXPECT_EQ(samples.size(), 11U);
}

TEST(AccessBufferTest, ThreadsLoseNothingUncounted) {
  AccessBuffer buffer(100'000);
  const AccessSampler sampler(1, &AccessBuffer::Take, &buffer);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < 10'000; ++i) sampler.OnAccess(i, CacheOperation::kGet, LookupOutcome::kHit);
    });
  }
  std::vector<AccessSample> samples;
  for (int i = 0; i < 20; ++i) buffer.Drain(&samples);
  for (std::thread& thread : threads) thread.join();
  buffer.Drain(&samples);
  EXPECT_EQ(samples.size() + buffer.dropped(), 40'000U);
}

}  // namespace
}  // namespace cachescope::caches
