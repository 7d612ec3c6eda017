#include "cachescope/caches/rocksdb_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cachescope/caches/instrumented_cache.h"
#include "cachescope/cachescope.h"
#include "client/caches/cache_metrics_test.h"

namespace cachescope::caches {
namespace {

constexpr std::size_t kCharge = 100;

// One shard, so that the order of eviction is that of one list.
std::shared_ptr<rocksdb::Cache> Lru(std::size_t bytes) { return rocksdb::NewLRUCache(bytes, 0); }

TEST(RocksdbCacheTest, EverythingIsCounted) {
  Registry registry;
  RocksdbCache<std::string> bare(Lru(1000));
  auto cache = Instrument(registry, {.name = "c"}, bare);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(cache.Set(std::to_string(i), std::string("value"), kCharge).ok());
  const auto size = static_cast<double>(bare.Size());
  EXPECT_GT(size, 0);
  EXPECT_LE(size, 10);
  EXPECT_EQ(ValueOf(registry, "cache_evictions_total", {}), 20 - size);
  EXPECT_EQ(ValueOf(registry, "cache_size_entries", {}), size);
  EXPECT_EQ(ValueOf(registry, "cache_memory_usage_bytes", {}), static_cast<double>(bare.Bytes()));
  EXPECT_NEAR(ValueOf(registry, "cache_memory_usage_percent", {}), static_cast<double>(bare.Bytes()) / 10, 1e-9);
  EXPECT_EQ(*cache.Get("19"), "value");
  EXPECT_EQ(cache.Get("19")->size(), 5U);
  EXPECT_FALSE(cache.Get("0"));
  cache.Erase("18");
  cache.Set("19", std::string("newer"), kCharge);  // replaced, not evicted
  EXPECT_EQ(*cache.Get("19"), "newer");
  cache.Clear();
  EXPECT_FALSE(cache.Get("19"));
  EXPECT_EQ(bare.Size(), 0U);
  EXPECT_EQ(ValueOf(registry, "cache_evictions_total", {}), 20 - size);
  EXPECT_EQ(ValueOf(registry, "cache_hits_total", {}), 3);
  EXPECT_EQ(ValueOf(registry, "cache_misses_total", {}), 2);
  EXPECT_EQ(ValueOf(registry, "cache_operations_total", {{"operation_type", "set"}}), 21);
}

TEST(RocksdbCacheTest, PinnedValuesStay) {
  Registry registry;
  RocksdbCache<std::string> bare(Lru(100'000));
  auto cache = Instrument(registry, {.name = "c"}, bare);
  cache.Set("key", std::string("value"));
  auto pinned = cache.Get("key");
  cache.Set("key", std::string("newer"));
  cache.Erase("key");
  EXPECT_EQ(*pinned, "value");
  EXPECT_EQ(bare.Size(), 1U);
  pinned = {};
  EXPECT_EQ(bare.Size(), 0U);
  EXPECT_EQ(ValueOf(registry, "cache_evictions_total", {}), 0);
}

TEST(RocksdbCacheTest, TooLargeForAStrictCacheIsEvictedAtOnce) {
  Registry registry;
  RocksdbCache<int> bare(rocksdb::NewLRUCache(1000, 0, true));
  auto cache = Instrument(registry, {.name = "c"}, bare);
  EXPECT_TRUE(cache.Set("big", 1, 50 * kCharge).ok());
  EXPECT_FALSE(cache.Get("big"));
  EXPECT_EQ(ValueOf(registry, "cache_evictions_total", {}), 1);
  EXPECT_EQ(bare.Size(), 0U);
}

TEST(RocksdbCacheTest, Threads) {
  Registry registry;
  RocksdbCache<int> bare(rocksdb::NewLRUCache(20'000, 2));
  auto cache = Instrument(registry, {.name = "c"}, bare);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string key = std::to_string((i * 7 + t) % 500);
        if (!cache.Get(key)) cache.Set(key, i, kCharge);
        if (i % 100 == 0) static_cast<void>(registry.Collect());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double sets = ValueOf(registry, "cache_operations_total", {{"operation_type", "set"}});
  EXPECT_EQ(ValueOf(registry, "cache_operations_total", {{"operation_type", "get"}}), 8000);
  EXPECT_EQ(ValueOf(registry, "cache_misses_total", {}), sets);
  // Threads that miss a key at once replace each other's value; all others are there or evicted.
  EXPECT_LE(ValueOf(registry, "cache_evictions_total", {}) + static_cast<double>(bare.Size()), sets);
}

}  // namespace
}  // namespace cachescope::caches
