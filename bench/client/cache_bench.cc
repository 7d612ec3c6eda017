// What InstrumentedCache adds to a get, by policy, beside a wrapper somebody would write with prometheus-cpp. The bare
// cache is a direct-mapped table (a get of a nanosecond or two, so that nothing hides behind it) and an LruMap.
// Repetitions of all wrappers alternate; times are processor time, a difference is the median of the differences within
// one round.
//
//   cache_bench [REPETITIONS]     default 15
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/caches/instrumented_cache.h"
#include "cachescope/caches/lru_map.h"
#include "cachescope/cachescope.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace {

namespace caches = cachescope::caches;
using Clock = std::chrono::steady_clock;
using Loop = std::function<void(int)>;

constexpr int kGets = 2'000'000;
constexpr std::uint64_t kKeys = 1024;  // nine in ten are in the cache

class Table {
 public:
  const std::uint64_t* Get(std::uint64_t key) const noexcept {
    const Slot& slot = slots_[key % kKeys];
    return slot.key == key + 1 ? &slot.value : nullptr;
  }
  void Set(std::uint64_t key, std::uint64_t value) noexcept { slots_[key % kKeys] = {key + 1, value}; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint64_t value = 0;
  };
  std::array<Slot, kKeys> slots_;
};

using Lru = caches::LruMap<std::uint64_t, std::uint64_t>;

template <class Cache>
void Fill(Cache& cache) {
  for (std::uint64_t key = 0; key < kKeys; ++key) {
    if (key % 10 != 0) cache.Set(key, key);
  }
}

// What a program without a library for caches would do.
template <class Cache>
class PrometheusWrapper {
 public:
  PrometheusWrapper(Cache& cache, bool timed) : cache_(cache), timed_(timed) {
    auto& operations = prometheus::BuildCounter().Name("cache_operations_total").Register(registry_);
    operations_ = &operations.Add({{"operation_type", "get"}});
    hits_ = &prometheus::BuildCounter().Name("cache_hits_total").Register(registry_).Add({});
    misses_ = &prometheus::BuildCounter().Name("cache_misses_total").Register(registry_).Add({});
    auto& durations = prometheus::BuildHistogram().Name("cache_operation_duration_seconds").Register(registry_);
    durations_ = &durations.Add({{"operation_type", "get"}}, caches::CacheDurationBuckets());
  }

  auto Get(std::uint64_t key) {
    const auto start = timed_ ? Clock::now() : Clock::time_point();
    auto found = cache_.Get(key);
    if (timed_) durations_->Observe(std::chrono::duration<double>(Clock::now() - start).count());
    operations_->Increment();
    (found != nullptr ? hits_ : misses_)->Increment();
    return found;
  }

 private:
  Cache& cache_;
  const bool timed_;
  prometheus::Registry registry_;
  prometheus::Counter* operations_;
  prometheus::Counter* hits_;
  prometheus::Counter* misses_;
  prometheus::Histogram* durations_;
};

template <class Cache>
Loop GetLoop(Cache& cache) {
  return [&cache](int gets) {
    std::uint64_t key = 0;
    for (int i = 0; i < gets; ++i) {
      key = key * 5 + 7;  // a walk through all residues; the next key does not wait for the value
      auto found = cache.Get(key % kKeys);
      asm volatile("" : : "r"(found) : "memory");
    }
  };
}

// Processor time of the calling thread in nanoseconds: what other programs take does not count.
double ThreadNanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Processor time per operation of each of `threads` threads running the loop at once, mean over threads.
double Time(const Loop& loop, int threads) {
  std::atomic<int> waiting{threads};
  std::vector<double> times(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      loop(20'000);  // first touch, caches and predictors
      --waiting;
      while (waiting.load() != 0) {
      }
      const double start = ThreadNanoseconds();
      loop(kGets);
      times[static_cast<std::size_t>(t)] = (ThreadNanoseconds() - start) / kGets;
    });
  }
  for (std::thread& thread : running) thread.join();
  double sum = 0;
  for (const double time : times) sum += time;
  return sum / threads;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Case {
  const char* what;
  std::size_t base;  // index of the case it is compared with
  const char* budget;
  Loop loop;
};

void Compare(const char* cache, const std::vector<Case>& cases, int threads, int repetitions) {
  std::vector<std::vector<double>> times(cases.size());
  for (int r = 0; r < repetitions; ++r) {
    for (std::size_t c = 0; c < cases.size(); ++c) times[c].push_back(Time(cases[c].loop, threads));
  }
  for (std::size_t c = 0; c < cases.size(); ++c) {
    std::vector<double> added;
    for (std::size_t r = 0; r < times[c].size(); ++r) added.push_back(times[c][r] - times[cases[c].base][r]);
    std::printf("| %s, %d thread%s | %s | %.2f | %+.2f | %s |\n", cache, threads, threads == 1 ? "" : "s",
                cases[c].what, Median(times[c]), Median(added), cases[c].budget);
  }
  std::fflush(stdout);
}

void TakeNothing(void* sink, const caches::AccessSample& sample) noexcept {
  *static_cast<std::atomic<std::uint64_t>*>(sink) = sample.hash;
}

template <class Cache>
void CompareWrappers(const char* name, Cache& cache, const std::vector<int>& thread_counts, int repetitions) {
  using caches::EveryLatency;
  using caches::NoLatency;
  using caches::SampledLatency;
  Fill(cache);
  cachescope::Registry registry;
  cachescope::Registry layers;
  std::atomic<std::uint64_t> sink{0};
  const caches::AccessSampler sampler(0.001, &TakeNothing, &sink, 1);
  auto counting = caches::Instrument<NoLatency>(registry, {.name = "counting"}, cache);
  auto sampled = caches::Instrument<SampledLatency<64>>(registry, {.name = "sampled"}, cache);
  auto every = caches::Instrument<EveryLatency<>>(registry, {.name = "every"}, cache);
  auto accesses = caches::Instrument<NoLatency>(registry, {.name = "accesses"}, sampler, cache);
  auto layered = caches::Instrument<NoLatency>(
      registry, {.name = "layered", .layer = cachescope::kits::LayerRecorder(layers, "semantic")}, cache);
  caches::TenantRecorders tenants(registry);
  auto tenant = counting.For(tenants.For("acme"));
  PrometheusWrapper<Cache> peer_counting(cache, false);
  PrometheusWrapper<Cache> peer_every(cache, true);
  const Loop clocks = [&cache](int gets) {
    std::uint64_t key = 0;
    for (int i = 0; i < gets; ++i) {
      key = key * 5 + 7;
      auto start = Clock::now();
      auto found = cache.Get(key % kKeys);
      auto end = Clock::now();
      asm volatile("" : : "r"(found), "r"(start), "r"(end) : "memory");
    }
  };
  const std::vector<Case> cases = {
      {"bare get", 0, "", GetLoop(cache)},
      {"counting", 0, "6 over bare", GetLoop(counting)},
      {"one latency in 64", 0, "8 over bare", GetLoop(sampled)},
      {"bare get between two clock reads", 0, "", clocks},
      {"every latency", 3, "10 over that", GetLoop(every)},
      {"counting, accesses sampled 1 in 1000", 1, "3 over counting", GetLoop(accesses)},
      {"counting, for a layer too", 1, "", GetLoop(layered)},
      {"counting, for a tenant too", 1, "", GetLoop(tenant)},
      {"prometheus-cpp, counting", 0, "", GetLoop(peer_counting)},
      {"prometheus-cpp, every latency", 0, "", GetLoop(peer_every)},
  };
  for (const int threads : thread_counts) Compare(name, cases, threads, repetitions);
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  std::printf("| cache | what | ns | above its base | budget |\n| --- | --- | --- | --- | --- |\n");
  Table table;
  CompareWrappers("table", table, {1, 2}, repetitions);
  Lru lru({.capacity = kKeys});
  CompareWrappers("LruMap", lru, {1}, repetitions);
}
