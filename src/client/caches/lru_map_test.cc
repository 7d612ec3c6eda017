#include "cachescope/caches/lru_map.h"

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace cachescope::caches {
namespace {

struct ManualClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<ManualClock>;
  [[maybe_unused]] static constexpr bool is_steady = true;
  static inline time_point time{};
  static time_point now() noexcept { return time; }
};
template <class K, class V>
using TimedMap = LruMap<K, V, std::hash<K>, std::equal_to<K>, ManualClock>;

using std::chrono::seconds;

// The same in the plainest way: a list, most recently used first.
struct NaiveLru {
  std::size_t capacity;
  std::list<std::pair<int, int>> entries;

  int* Get(int key) {
    for (auto it = entries.begin(); it != entries.end(); ++it) {
      if (it->first != key) continue;
      entries.splice(entries.begin(), entries, it);
      return &entries.front().second;
    }
    return nullptr;
  }
  void Set(int key, int value) {
    Erase(key);
    if (entries.size() == capacity) entries.pop_back();
    entries.emplace_front(key, value);
  }
  bool Erase(int key) {
    return entries.remove_if([&](const auto& entry) { return entry.first == key; }) > 0;
  }
};

TEST(LruMapTest, AgreesWithANaiveList) {
  LruMap<int, int> map({.capacity = 20});
  NaiveLru naive{20, {}};
  std::mt19937 random(3);
  for (int i = 0; i < 50'000; ++i) {
    const int key = static_cast<int>(random() % 40);
    const auto dice = random() % 10;
    if (dice < 5) {
      const int* found = map.Get(key);
      const int* wanted = naive.Get(key);
      ASSERT_EQ(found != nullptr, wanted != nullptr);
      if (found != nullptr) {
        ASSERT_EQ(*found, *wanted);
      }
    } else if (dice < 9) {
      map.Set(key, i);
      naive.Set(key, i);
    } else {
      ASSERT_EQ(map.Erase(key), naive.Erase(key));
    }
    ASSERT_EQ(map.Size(), naive.entries.size());
  }
}

TEST(LruMapTest, EntriesExpire) {
  std::vector<std::pair<int, RemovalCause>> removed;
  TimedMap<int, int> map(
      {.ttl = seconds(10), .on_removal = [&](int key, int, RemovalCause cause) { removed.emplace_back(key, cause); }});
  map.Set(1, 1);
  map.Set(2, 2, seconds(20));
  map.Set(3, 3, seconds(0));
  ManualClock::time += seconds(9);
  EXPECT_NE(map.Get(1), nullptr);
  ManualClock::time += seconds(1);
  EXPECT_EQ(map.Peek(1), nullptr);
  EXPECT_EQ(map.Size(), 3U);
  EXPECT_EQ(map.Get(1), nullptr);
  EXPECT_EQ(map.Size(), 2U);
  ManualClock::time += seconds(10);
  EXPECT_FALSE(map.Erase(2));
  map.Set(4, 4);
  ManualClock::time += seconds(1000);
  EXPECT_EQ(map.RemoveExpired(), 1U);
  EXPECT_NE(map.Get(3), nullptr);
  const std::vector<std::pair<int, RemovalCause>> wanted = {
      {1, RemovalCause::kExpired}, {2, RemovalCause::kExpired}, {4, RemovalCause::kExpired}};
  EXPECT_EQ(removed, wanted);
}

TEST(LruMapTest, WeightsBoundTheWhole) {
  std::size_t evicted = 0;
  LruMap<int, std::string> map(
      {.capacity = 100,
       .max_weight = 10,
       .weight = [](int, const std::string& value) { return value.size(); },
       .on_removal = [&](int, const std::string&, RemovalCause cause) { evicted += cause == RemovalCause::kEvicted; }});
  EXPECT_TRUE(map.Set(1, "aaaa"));
  EXPECT_TRUE(map.Set(2, "bbbb"));
  EXPECT_TRUE(map.Set(3, "cccccc"));
  EXPECT_EQ(map.Bytes(), 10U);
  EXPECT_EQ(evicted, 1U);
  EXPECT_FALSE(map.Set(4, "far too heavy"));
  EXPECT_EQ(map.Size(), 2U);
  EXPECT_FALSE(map.Set(2, "far too heavy"));  // the old value is no longer true
  EXPECT_EQ(map.Get(2), nullptr);
  map.Clear();
  EXPECT_EQ(map.Bytes(), 0U);
}

TEST(LruMapTest, ObserversSeeEveryCause) {
  std::vector<RemovalCause> causes;
  LruMap<int, int> map({.capacity = 2});
  map.SetRemovalObserver([&](RemovalCause cause) { causes.push_back(cause); });
  map.Set(1, 1);
  map.Set(1, 2);
  map.Set(2, 2);
  map.Set(3, 3);
  map.Erase(2);
  map.Clear();
  const std::vector<RemovalCause> wanted = {RemovalCause::kReplaced, RemovalCause::kEvicted, RemovalCause::kErased,
                                            RemovalCause::kCleared};
  EXPECT_EQ(causes, wanted);
  map.SetRemovalObserver(nullptr);
  map.Set(4, 4);
  map.Erase(4);
  EXPECT_EQ(causes.size(), 4U);
}

TEST(LruMapTest, MoveOnlyValuesAndZeroCapacity) {
  LruMap<int, std::unique_ptr<int>> map({.capacity = 0});
  EXPECT_EQ(map.capacity(), 1U);
  map.Set(1, std::make_unique<int>(1));
  map.Set(2, std::make_unique<int>(2));
  EXPECT_EQ(map.Get(1), nullptr);
  EXPECT_EQ(**map.Get(2), 2);
  LruMap<int, std::unique_ptr<int>> moved = std::move(map);
  EXPECT_EQ(**moved.Get(2), 2);
}

}  // namespace
}  // namespace cachescope::caches
