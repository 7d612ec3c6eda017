#include "cachescope/caches/tiered_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "cachescope/caches/lru_map.h"
#include "cachescope/cachescope.h"
#include "client/caches/cache_metrics_test.h"

namespace cachescope::caches {
namespace {

// A second tier that can be down, and says so without throwing.
struct RemoteCache {
  LruMap<int, std::string> entries;
  bool down = false;

  Lookup<std::string> Get(int key) {
    if (down) return Lookup<std::string>::Failed(CacheError::kConnection);
    const std::string* found = entries.Get(key);
    return found == nullptr ? Lookup<std::string>::Miss() : Lookup<std::string>::Hit(*found);
  }
  WriteResult Set(int key, std::string value) {
    if (down) return {CacheError::kConnection, 0};
    entries.Set(key, std::move(value));
    return {CacheError::kNone, 1};
  }
  WriteResult Erase(int key) {
    if (down) return {CacheError::kConnection, 0};
    return {CacheError::kNone, entries.Erase(key) ? 1U : 0U};
  }
};

struct TieredCacheTest : testing::Test {
  Registry registry;
  LruMap<int, std::string> memory{{.capacity = 2}};
  RemoteCache remote;
  InstrumentedCache<LruMap<int, std::string>&> l1{registry, CacheOptions{.name = "c", .tier = "l1"}, memory};
  InstrumentedCache<RemoteCache&> l2{registry, CacheOptions{.name = "c", .tier = "l2"}, remote};
  TieredCache<decltype(l1), decltype(l2)> both{l1, l2};
  InstrumentedCache<TieredCache<decltype(l1), decltype(l2)>&> cache{registry,
                                                                    CacheOptions{.name = "c", .tier = "multi"}, both};

  double Of(std::string_view family, std::string_view tier) {
    return ValueOf(registry, family, {{"cache_tier", tier}});
  }
};

TEST_F(TieredCacheTest, PromotesWhatTheSecondTierHas) {
  for (int key = 1; key <= 3; ++key) EXPECT_TRUE(cache.Set(key, std::to_string(key)).ok());
  EXPECT_EQ(*cache.Get(1), "1");  // evicted from l1 by 3
  EXPECT_EQ(*cache.Get(1), "1");
  EXPECT_FALSE(cache.Get(9));
  EXPECT_EQ(Of("cache_hits_total", "multi"), 2);
  EXPECT_EQ(Of("cache_misses_total", "multi"), 1);
  EXPECT_EQ(Of("cache_hits_total", "l1"), 1);
  EXPECT_EQ(Of("cache_misses_total", "l1"), 2);
  EXPECT_EQ(Of("cache_hits_total", "l2"), 1);
  EXPECT_EQ(Of("cache_misses_total", "l2"), 1);
  EXPECT_EQ(Of("cache_promotions_total", "l1"), 1);
  EXPECT_EQ(Of("cache_evictions_total", "l1"), 2);
  EXPECT_EQ(Of("cache_size_entries", "l1"), 2);
}

TEST_F(TieredCacheTest, EraseReachesBoth) {
  cache.Set(1, "one");
  EXPECT_EQ(cache.Erase(1).changed, 1U);
  EXPECT_EQ(cache.Erase(1).changed, 0U);
  EXPECT_EQ(memory.Size() + remote.entries.Size(), 0U);
}

TEST_F(TieredCacheTest, ASecondTierThatIsDown) {
  cache.Set(1, "one");
  remote.down = true;
  EXPECT_EQ(*cache.Get(1), "one");
  EXPECT_EQ(cache.Get(2).outcome, LookupOutcome::kError);
  EXPECT_EQ(cache.Set(2, "two").error, CacheError::kConnection);
  const auto errors = [&](std::string_view tier) {
    return ValueOf(registry, "cache_errors_total", {{"error_type", "connection_error"}, {"cache_tier", tier}});
  };
  EXPECT_EQ(errors("multi"), 2);
  EXPECT_EQ(errors("l2"), 2);
  EXPECT_EQ(errors("l1"), 0);
  EXPECT_EQ(*cache.Get(2), "two");  // the first tier took it
}

TEST_F(TieredCacheTest, LoadsThroughBoth) {
  EXPECT_EQ(cache.GetOrCompute(1, [] { return std::string("loaded"); }), "loaded");
  EXPECT_EQ(*remote.entries.Get(1), "loaded");
  EXPECT_EQ(*memory.Get(1), "loaded");
}

}  // namespace
}  // namespace cachescope::caches
