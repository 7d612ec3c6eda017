// Caches of many shapes fit into InstrumentedCache.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "cachescope/caches/instrumented_cache.h"
#include "client/caches/cache_metrics_test.h"

namespace cachescope::caches {
namespace {

TEST(CacheShapes, StandardMapsGivePointers) {
  Registry registry;
  std::unordered_map<std::string, int> bare;
  auto cache = Instrument(registry, {.name = "c"}, bare);
  cache.Set("a", 1);
  ASSERT_NE(cache.Get("a"), nullptr);
  EXPECT_EQ(*cache.Get("a"), 1);
  EXPECT_EQ(cache.Get("b"), nullptr);
  EXPECT_EQ(cache.Erase("a"), 1U);
  EXPECT_EQ(Hits(registry), 2);
  EXPECT_EQ(Misses(registry), 1);
  EXPECT_EQ(ValueOf(registry, "cache_size_entries", {}), 0);
}

struct BoolCache {
  bool get(int key, int& out) const {
    if (key != 1) return false;
    out = 10;
    return true;
  }
};

TEST(CacheShapes, BoolWithOutParameter) {
  Registry registry;
  BoolCache bare;
  auto cache = Instrument(registry, {.name = "c"}, bare);
  int out = 0;
  EXPECT_TRUE(cache.Get(1, out));
  EXPECT_EQ(out, 10);
  EXPECT_FALSE(cache.Get(2, out));
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Misses(registry), 1);
}

// A small stand-in for std::expected.
template <class T>
struct Expected {
  std::optional<T> held;
  int code = 0;
  bool has_value() const { return held.has_value(); }
  int error() const { return code; }
  const T& operator*() const { return *held; }
};
struct ExpectedCache {
  Expected<int> get(int key) const { return key == 1 ? Expected<int>{10, 0} : Expected<int>{std::nullopt, 404}; }
};
struct NestedCache {
  Expected<std::optional<int>> get(int key) const {
    if (key == 1) return {std::optional<int>(10), 0};
    if (key == 2) return {std::optional<int>(), 0};
    return {std::nullopt, 500};
  }
};

TEST(CacheShapes, ExpectedLikeResults) {
  Registry registry;
  ExpectedCache flat;
  NestedCache nested;
  auto cache = Instrument(registry, {.name = "c"}, flat);
  auto other = Instrument(registry, {.name = "n"}, nested);
  EXPECT_EQ(*cache.Get(1), 10);
  EXPECT_EQ(cache.Get(2).error(), 404);
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Misses(registry), 1);
  other.Get(1);
  other.Get(2);
  EXPECT_EQ(other.Get(3).error(), 500);
  EXPECT_EQ(Hits(registry, "n"), 1);
  EXPECT_EQ(Misses(registry, "n"), 1);
  EXPECT_EQ(Operations(registry, "get", "n"), 3);
  EXPECT_EQ(Errors(registry, "operation_error"), 1);
}

struct MoveOnlyCache {
  std::map<int, std::unique_ptr<int>> entries;
  std::unique_ptr<int> get(int key) {
    const auto found = entries.find(key);
    return found == entries.end() ? nullptr : std::move(found->second);
  }
  void set(int key, std::unique_ptr<int> value) { entries[key] = std::move(value); }
};

TEST(CacheShapes, MoveOnlyValues) {
  Registry registry;
  MoveOnlyCache bare;
  auto cache = Instrument(registry, {.name = "c"}, bare);
  cache.Set(1, std::make_unique<int>(5));
  const std::unique_ptr<int> taken = cache.Get(1);
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(*taken, 5);
  EXPECT_EQ(cache.Get(1), nullptr);
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Misses(registry), 1);
}

// Names of its own, fitted by traits.
struct OddCache {
  int fetched = 0;
  int Fetch(int key) { return fetched += key; }
};

}  // namespace

template <>
struct CacheTraits<OddCache> : DefaultCacheTraits<OddCache> {
  static Lookup<int> Get(OddCache& cache, int key) {
    return key < 0 ? Lookup<int>::Failed(CacheError::kTimeout) : Lookup<int>::Hit(cache.Fetch(key));
  }
};

namespace {

TEST(CacheShapes, TraitsFitAnyType) {
  Registry registry;
  OddCache bare;
  auto cache = Instrument(registry, {.name = "c"}, bare);
  EXPECT_EQ(*cache.Get(3), 3);
  EXPECT_FALSE(cache.Get(-1));
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Misses(registry), 0);
  EXPECT_EQ(Errors(registry, "timeout"), 1);
}

}  // namespace
}  // namespace cachescope::caches
