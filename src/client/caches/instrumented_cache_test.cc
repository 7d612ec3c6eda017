#include "cachescope/caches/instrumented_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "cachescope/caches/lru_map.h"
#include "cachescope/caches/synchronized_lru_map.h"
#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"
#include "client/caches/cache_metrics_test.h"

namespace cachescope::caches {
namespace {

// A clock that moves by one second per reading.
struct SteppingClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteppingClock>;
  [[maybe_unused]] static constexpr bool is_steady = true;
  static inline thread_local std::int64_t seconds = 0;
  static time_point now() noexcept { return time_point(std::chrono::seconds(++seconds)); }
};
using EveryStep = EveryLatency<SteppingClock>;

// Fails on demand.
struct FailingCache {
  std::map<int, std::string> entries;
  bool fails = false;

  std::optional<std::string> get(int key) {
    if (fails) throw std::runtime_error("broken");
    const auto found = entries.find(key);
    return found == entries.end() ? std::nullopt : std::optional(found->second);
  }
  void set(int key, std::string value) {
    if (fails) throw std::system_error(std::make_error_code(std::errc::timed_out));
    entries[key] = std::move(value);
  }
  std::size_t erase(int key) {
    if (fails) throw std::bad_alloc();
    return entries.erase(key);
  }
  void clear() {
    if (fails) throw std::system_error(std::make_error_code(std::errc::connection_reset));
    entries.clear();
  }
  std::size_t size() const { return entries.size(); }
};

TEST(InstrumentedCacheTest, EveryNumberIsThatOfANaiveCount) {
  std::map<std::string, double> naive;
  Registry registry;
  LruMap<int, std::string> bare(
      {.capacity = 50,
       .weight = [](int, const std::string& value) { return value.size(); },
       .on_removal = [&](int, const std::string&,
                         RemovalCause cause) { naive["evictions"] += cause == RemovalCause::kEvicted; }});
  auto cache = Instrument<EveryStep>(registry, {.name = "c"}, bare);
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const int key = static_cast<int>(random() % 100);
    const auto dice = random() % 100;
    if (dice < 60) {
      ++naive["get"];
      ++naive[cache.Get(key) != nullptr ? "hits" : "misses"];
    } else if (dice < 90) {
      const std::string value(random() % 300, 'x');
      ++naive["set"];
      naive["sized"] += !value.empty();
      naive["bytes written"] += static_cast<double>(value.size());
      cache.Set(key, value);
    } else if (dice < 97) {
      ++naive["delete"];
      cache.Erase(key);
    } else if (dice < 99) {
      ++naive["delete"];
      naive["invalidations"] += cache.Invalidate(key);
    } else if (random() % 20 == 0) {
      ++naive["clear"];
      cache.Clear();
    }
    if (i % 5000 == 0) {
      EXPECT_EQ(ValueOf(registry, "cache_size_entries", {{"cache_name", "c"}}), static_cast<double>(bare.Size()));
    }
  }
  for (const char* operation : {"get", "set", "delete", "clear"}) {
    EXPECT_EQ(Operations(registry, operation), naive[operation]) << operation;
    const Wanted labels = {{"operation_type", operation}, {"cache_tier", "l1"}};
    EXPECT_EQ(CountOf(registry, "cache_operation_duration_seconds", labels), naive[operation]) << operation;
    // Each lasts from one reading of the clock to the next.
    EXPECT_NEAR(SumOf(registry, "cache_operation_duration_seconds", labels), naive[operation], 1e-6) << operation;
  }
  EXPECT_EQ(Hits(registry), naive["hits"]);
  EXPECT_EQ(Misses(registry), naive["misses"]);
  EXPECT_EQ(ValueOf(registry, "cache_evictions_total", {}), naive["evictions"]);
  EXPECT_EQ(ValueOf(registry, "cache_invalidations_total", {}), naive["invalidations"]);
  EXPECT_EQ(ValueOf(registry, "cache_expirations_total", {}), 0);
  EXPECT_EQ(CountOf(registry, "cache_value_size_bytes", {}), naive["sized"]);
  EXPECT_EQ(SumOf(registry, "cache_value_size_bytes", {}), naive["bytes written"]);
  EXPECT_EQ(ValueOf(registry, "cache_size_entries", {}), static_cast<double>(bare.Size()));
  EXPECT_EQ(ValueOf(registry, "cache_memory_usage_bytes", {}), static_cast<double>(bare.Bytes()));
  EXPECT_GT(naive["evictions"], 1000);
  EXPECT_EQ(registry.error_count(), 0U);
}

TEST(InstrumentedCacheTest, ExceptionsPassThroughAndAreCounted) {
  Registry registry;
  FailingCache bare;
  auto cache = Instrument<EveryStep>(registry, {.name = "c"}, bare);
  cache.Set(1, "one");
  bare.fails = true;
  EXPECT_THROW(cache.Get(1), std::runtime_error);
  EXPECT_THROW(cache.Set(1, "uno"), std::system_error);
  EXPECT_THROW(cache.Erase(1), std::bad_alloc);
  EXPECT_THROW(cache.Clear(), std::system_error);
  bare.fails = false;
  EXPECT_EQ(cache.Get(1), "one");

  EXPECT_EQ(Operations(registry, "get"), 2);
  EXPECT_EQ(Operations(registry, "set"), 2);
  EXPECT_EQ(Operations(registry, "delete"), 1);
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Misses(registry), 0);
  EXPECT_EQ(Errors(registry, "operation_error"), 1);
  EXPECT_EQ(Errors(registry, "timeout"), 1);
  EXPECT_EQ(Errors(registry, "out_of_memory"), 1);
  EXPECT_EQ(Errors(registry, "connection_error"), 1);
  EXPECT_EQ(CountOf(registry, "cache_operation_duration_seconds", {{"operation_type", "get"}}), 2);
}

TEST(InstrumentedCacheTest, DropInSpellings) {
  Registry registry;
  auto cache = Instrument(registry, {.name = "c"}, FailingCache());  // owned
  cache.set(1, "one");
  cache.put(2, "two");
  EXPECT_EQ(cache.get(1), "one");
  EXPECT_EQ(cache.get(3), std::nullopt);
  EXPECT_EQ(cache.erase(2), 1U);
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(cache->entries.size(), 1U);
  cache.clear();
  EXPECT_EQ(Operations(registry, "get"), 2);
  EXPECT_EQ(Operations(registry, "set"), 2);
  EXPECT_EQ(Operations(registry, "delete"), 1);
  EXPECT_EQ(Operations(registry, "clear"), 1);
}

TEST(InstrumentedCacheTest, GetOrComputeLoadsOnce) {
  Registry registry;
  LruMap<int, std::string> bare;
  auto cache = Instrument(registry, {.name = "c"}, bare);
  int loads = 0;
  const auto load = [&] { return "value " + std::to_string(++loads); };
  EXPECT_EQ(cache.GetOrCompute(1, load), "value 1");
  EXPECT_EQ(cache.GetOrCompute(1, load), "value 1");
  EXPECT_THROW(cache.GetOrCompute(2, []() -> std::string { throw std::runtime_error("no origin"); }),
               std::runtime_error);
  EXPECT_EQ(Operations(registry, "load"), 2);
  EXPECT_EQ(Errors(registry, "load_error"), 1);
  EXPECT_EQ(CountOf(registry, "cache_operation_duration_seconds", {{"operation_type", "load"}}), 2);
  EXPECT_EQ(Operations(registry, "set"), 1);
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Misses(registry), 2);
}

TEST(InstrumentedCacheTest, CleanupAndExplicitRecords) {
  Registry registry;
  LruMap<int, int, std::hash<int>, std::equal_to<int>, SteppingClock> bare({.ttl = std::chrono::nanoseconds(1)});
  auto cache = Instrument(registry, {.name = "c"}, bare);
  for (int i = 0; i < 5; ++i) cache.Set(i, i);
  EXPECT_EQ(cache.Get(0), nullptr);  // expired
  EXPECT_EQ(cache.Cleanup(), 4U);
  EXPECT_EQ(ValueOf(registry, "cache_expirations_total", {}), 5);
  EXPECT_EQ(ValueOf(registry, "cache_cleanup_runs_total", {}), 1);
  EXPECT_EQ(ValueOf(registry, "cache_cleanup_removed_entries_total", {}), 4);
  EXPECT_EQ(Operations(registry, "cleanup"), 1);
  EXPECT_EQ(ValueOf(registry, "cache_size_entries", {}), 0);
  cache.recorder().RecordEvictions(3);
  cache.recorder().RecordInvalidations(2);
  EXPECT_EQ(ValueOf(registry, "cache_evictions_total", {}), 3);
  EXPECT_EQ(ValueOf(registry, "cache_invalidations_total", {}), 2);
}

TEST(InstrumentedCacheTest, TenantsAndLayers) {
  Registry registry;
  Registry layers;
  LruMap<int, std::string> bare({.weight = [](int, const std::string& value) { return value.size(); }});
  FailingCache broken;
  {
    auto cache = Instrument(registry, {.name = "c", .layer = kits::LayerRecorder(layers, "semantic")}, bare);
    auto failing = Instrument(registry, {.name = "f", .layer = kits::LayerRecorder(layers, "semantic")}, broken);
    TenantRecorders tenants(registry, {.cache_name = "c", .max_tenants = 1});
    auto acme = cache.For(tenants.For("acme"));
    acme.Set(1, "one");
    acme.Get(1);
    acme.Get(2);
    acme.Erase(1);
    cache.For(tenants.For("late")).Get(2);
    cache.Set(5, "five");
    broken.fails = true;
    EXPECT_THROW(failing.Get(1), std::runtime_error);
    EXPECT_THROW(failing.Set(1, "x"), std::system_error);  // timed out: it gave up

    const auto tenant = [&](std::string_view name, std::string_view result) {
      return ValueOf(registry, "cache_tenant_operations_total",
                     {{"tenant_id", name}, {"operation_type", "get"}, {"result", result}});
    };
    EXPECT_EQ(tenant("acme", "hit"), 1);
    EXPECT_EQ(tenant("acme", "miss"), 1);
    EXPECT_EQ(tenant("other", "miss"), 1);
    EXPECT_EQ(tenant("late", "miss"), -1);
    EXPECT_EQ(ValueOf(registry, "cache_tenant_lookups_folded_total", {}), 1);
    EXPECT_EQ(Operations(registry, "get"), 3);

    const auto requests = [&](std::string_view status) {
      return ValueOf(layers, "cache_requests_total", {{"cache_layer", "semantic"}, {"status", status}});
    };
    EXPECT_EQ(requests("success"), 6);
    EXPECT_EQ(requests("error"), 1);
    EXPECT_EQ(requests("failed"), 1);
    EXPECT_EQ(ValueOf(layers, "cache_hits_total", {{"cache_layer", "semantic"}}), 1);
    EXPECT_EQ(ValueOf(layers, "cache_misses_total", {{"cache_layer", "semantic"}}), 2);
    EXPECT_EQ(ValueOf(registry, "cache_memory_usage_bytes", {{"cache_name", "c"}}), 4);
    EXPECT_EQ(ValueOf(layers, "cache_size_bytes", {{"cache_layer", "semantic"}}), 4);
  }
  EXPECT_EQ(ValueOf(layers, "cache_size_bytes", {{"cache_layer", "semantic"}}), 0);
  EXPECT_EQ(registry.error_count() + layers.error_count(), 0U);
}

TEST(InstrumentedCacheTest, SameNameAddsUpAndGaugesLeaveWithTheLast) {
  Registry registry;
  FailingCache one;
  FailingCache two;
  auto first = std::make_unique<InstrumentedCache<FailingCache&>>(registry, CacheOptions{.name = "c"}, one);
  auto second = std::make_unique<InstrumentedCache<FailingCache&>>(registry, CacheOptions{.name = "c"}, two);
  first->Set(1, "a");
  second->Set(1, "a");
  second->Set(2, "b");
  second->Get(1);
  first->Get(9);
  EXPECT_EQ(ValueOf(registry, "cache_size_entries", {}), 3);
  EXPECT_EQ(Operations(registry, "set"), 3);
  EXPECT_EQ(ValueOf(registry, "cache_hit_rate", {}), 50);
  second.reset();
  EXPECT_EQ(ValueOf(registry, "cache_size_entries", {}), 1);
  first.reset();
  EXPECT_EQ(ValueOf(registry, "cache_size_entries", {}), -1);
  EXPECT_EQ(ValueOf(registry, "cache_hit_rate", {}), -1);
  EXPECT_EQ(Operations(registry, "set"), 3);
}

TEST(InstrumentedCacheTest, HitRateWithoutLookupsIsNaN) {
  Registry registry;
  FailingCache bare;
  auto cache = Instrument(registry, {.name = "c"}, bare);
  EXPECT_TRUE(std::isnan(ValueOf(registry, "cache_hit_rate", {})));
}

TEST(InstrumentedCacheTest, RecordingAllocatesNothing) {
  Registry registry;
  LruMap<int, int> bare;
  int samples = 0;
  const AccessSampler sampler(
      1.0, [](void* count, const AccessSample&) noexcept { ++*static_cast<int*>(count); }, &samples);
  auto cache = Instrument<EveryLatency<>>(registry, {.name = "c"}, sampler, bare);
  TenantRecorders tenants(registry);
  auto tenant = cache.For(tenants.For("acme"));
  for (int i = 0; i < 10; ++i) cache.Set(i, i);
  tenant.Get(1);
  cache.Get(99);
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 1000; ++i) {
    cache.Get(i % 20);
    tenant.Get(i % 20);
    cache.Erase(50);
    static_cast<void>(tenants.For("acme"));
  }
  EXPECT_EQ(client::AllocationCountForTest(), before);
  EXPECT_EQ(samples, 10 + 2 + 3000);
}

TEST(InstrumentedCacheTest, ThreadsLoseNothing) {
  Registry registry;
  SynchronizedLruMap<int, int> bare({.capacity = 100});
  auto cache = Instrument(registry, {.name = "c"}, bare);
  TenantRecorders tenants(registry, {.max_tenants = 3});
  constexpr int kThreads = 4;
  constexpr int kRounds = 5000;
  std::atomic<int> hits{0};
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    while (!done.load()) static_cast<void>(registry.Collect());
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      auto tenant = cache.For(tenants.For("tenant " + std::to_string(t)));
      for (int i = 0; i < kRounds; ++i) {
        cache.Set((i * 7 + t) % 150, i);
        if (tenant.Get((i * 3) % 150)) hits.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  scraper.join();
  EXPECT_EQ(Operations(registry, "get"), kThreads * kRounds);
  EXPECT_EQ(Operations(registry, "set"), kThreads * kRounds);
  EXPECT_EQ(Hits(registry), hits.load());
  EXPECT_EQ(Misses(registry), kThreads * kRounds - hits.load());
  EXPECT_EQ(ValueOf(registry, "cache_size_entries", {}), 100);
}

TEST(InstrumentedCacheTest, MayOutliveItsRegistrysSeries) {
  FailingCache bare;
  auto registry = std::make_unique<Registry>();
  auto cache = std::make_unique<CacheRecorder>(*registry);
  registry.reset();
  cache->RecordLookup(LookupOutcome::kHit);
  cache.reset();
}

}  // namespace
}  // namespace cachescope::caches
