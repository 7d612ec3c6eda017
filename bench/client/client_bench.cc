// The hot paths of the client library beside prometheus-cpp and, where it is installed, OpenTelemetry C++, in one
// process: repetitions of both alternate, the tables have medians and the best of the repetitions. Two-thread figures
// are wall time per operation of one thread while another does the same on the same instrument. Memory is what a fresh
// registry with 100,000 counters of one label adds to the heap and to resident memory.
//
//   client_bench [REPETITIONS]     default 15
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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

#include "cachescope/cachescope.h"
#include "heap_meter.h"
#ifdef CACHESCOPE_BENCH_OTEL
#include "otel_peer.h"
#endif
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/summary.h"
#include "prometheus/text_serializer.h"

namespace {

using Clock = std::chrono::steady_clock;
using Run = std::function<double()>;  // one repetition, giving nanoseconds (or bytes) per operation

constexpr int kAdds = 5'000'000;
constexpr int kRecords = 1'000'000;
constexpr int kMemorySeries = 100'000;

double Nanoseconds(Clock::time_point start, double operations) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / operations;
}

// Keeps the compiler from merging the adds of a loop.
inline void Barrier() { asm volatile("" ::: "memory"); }

// Runs `loop` on `threads` threads at once; the mean of their times per operation.
template <class Loop>
double OnThreads(int threads, int operations, Loop loop) {
  std::atomic<int> waiting{threads};
  std::vector<double> times(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      loop(1000);  // first touch
      --waiting;
      while (waiting.load() != 0) {
      }
      const auto start = Clock::now();
      loop(operations);
      times[static_cast<std::size_t>(t)] = Nanoseconds(start, operations);
    });
  }
  for (std::thread& thread : running) thread.join();
  double sum = 0;
  for (const double time : times) sum += time;
  return sum / threads;
}

struct Summary {
  double median = 0;
  double best = 0;
};

Summary Summarize(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front()};
}

void Compare(const char* what, const char* unit, double budget, int repetitions, const Run& ours, const Run& peer) {
  std::vector<double> our_values;
  std::vector<double> peer_values;
  for (int i = 0; i < repetitions; ++i) {
    our_values.push_back(ours());
    peer_values.push_back(peer());
  }
  const Summary us = Summarize(our_values);
  const Summary them = Summarize(peer_values);
  std::printf("| %s | %.2f / %.2f | %.2f / %.2f | %.1f / %.1f | %.1f %s |\n", what, us.median, us.best, them.median,
              them.best, them.median / us.median, them.best / us.best, budget, unit);
  std::fflush(stdout);
}

// A path the peer does not have.
void Measure(const char* what, double budget, int repetitions, const Run& ours) {
  std::vector<double> values;
  for (int i = 0; i < repetitions; ++i) values.push_back(ours());
  const Summary us = Summarize(values);
  std::printf("| %s | %.2f / %.2f | - | - | %.1f ns |\n", what, us.median, us.best, budget);
  std::fflush(stdout);
}

// All buckets of the default bounds in turn.
double ValueOf(int i) { return (i & 1023) * 0.01; }

void CompareCounters(int repetitions) {
  cachescope::Registry registry;
  const cachescope::Counter ours = registry.Counter({.name = "a_total"});
  prometheus::Registry peer_registry;
  auto& peer = prometheus::BuildCounter().Name("a_total").Register(peer_registry).Add({});
  const auto our_loop = [&](int n) {
    for (int i = 0; i < n; ++i) {
      ours.Increment();
      Barrier();
    }
  };
  const auto peer_loop = [&](int n) {
    for (int i = 0; i < n; ++i) peer.Increment();
  };
  for (const int threads : {1, 2}) {
    Compare(
        threads == 1 ? "counter add, held handle, 1 thread" : "counter add, held handle, 2 threads on one", "ns",
        threads == 1 ? 1 : 1.5, repetitions, [&] { return OnThreads(threads, kAdds, our_loop); },
        [&] { return OnThreads(threads, kAdds, peer_loop); });
  }
}

void CompareHistograms(int repetitions) {
  cachescope::Registry registry;
  const cachescope::Histogram ours = registry.Histogram({.name = "h"});
  prometheus::Registry peer_registry;
  auto& peer = prometheus::BuildHistogram().Name("h").Register(peer_registry).Add({}, cachescope::DefaultBuckets());
  const auto our_loop = [&](int n) {
    for (int i = 0; i < n; ++i) ours.Record(ValueOf(i));
  };
  const auto peer_loop = [&](int n) {
    for (int i = 0; i < n; ++i) peer.Observe(ValueOf(i));
  };
  for (const int threads : {1, 2}) {
    Compare(
        threads == 1 ? "histogram record, 11 bounds, 1 thread" : "histogram record, 11 bounds, 2 threads on one", "ns",
        threads == 1 ? 4 : 5, repetitions, [&] { return OnThreads(threads, kRecords, our_loop); },
        [&] { return OnThreads(threads, kRecords, peer_loop); });
  }
}

void CompareNativeHistograms(int repetitions) {
  cachescope::Registry registry;
  const cachescope::Histogram ours = registry.Histogram({.name = "h", .native = {.schema = 3}});
  prometheus::Registry peer_registry;
  auto& peer = prometheus::BuildHistogram().Name("h").Register(peer_registry).Add({}, cachescope::DefaultBuckets());
  for (const int threads : {1, 2}) {
    Compare(
        threads == 1 ? "native histogram record, schema 3, 1 thread; peer: 11 bounds"
                     : "native histogram record, schema 3, 2 threads on one; peer: 11 bounds",
        "ns", threads == 1 ? 10 : 12, repetitions,
        [&] {
          return OnThreads(threads, kRecords, [&](int n) {
            for (int i = 0; i < n; ++i) ours.Record(ValueOf(i));
          });
        },
        [&] {
          return OnThreads(threads, kRecords, [&](int n) {
            for (int i = 0; i < n; ++i) peer.Observe(ValueOf(i));
          });
        });
  }
}

void CompareSummaries(int repetitions) {
  cachescope::Registry registry;
  const cachescope::Summary ours = registry.Summary({.name = "s"});
  prometheus::Registry peer_registry;
  auto& peer = prometheus::BuildSummary()
                   .Name("s")
                   .Register(peer_registry)
                   .Add({}, prometheus::Summary::Quantiles{{0.5, 0.01}, {0.9, 0.01}, {0.99, 0.001}},
                        std::chrono::minutes(10), 5);
  for (const int threads : {1, 2}) {
    Compare(
        threads == 1 ? "summary record, 3 quantiles in 10 minutes, 1 thread"
                     : "summary record, 3 quantiles in 10 minutes, 2 threads on one",
        "ns", threads == 1 ? 20 : 25, repetitions,
        [&] {
          return OnThreads(threads, kRecords, [&](int n) {
            for (int i = 0; i < n; ++i) ours.Record(ValueOf(i));
          });
        },
        [&] {
          return OnThreads(threads, kRecords / 20, [&](int n) {
            for (int i = 0; i < n; ++i) peer.Observe(ValueOf(i));
          });
        });
  }
}

void MeasureOthers(int repetitions) {
  cachescope::Registry registry;
  const cachescope::Histogram histogram = registry.Histogram({.name = "h"});
  const cachescope::Histogram fine = registry.Histogram({.name = "fine", .native = {.schema = 8}});
  const cachescope::StateSet states = registry.StateSet({.name = "st", .states = {"a", "b", "c"}});
  cachescope::TimerSet timers(registry);
  cachescope::CustomMetrics custom(registry);
  const auto measure = [&](const char* what, double budget, auto body) {
    Measure(what, budget, repetitions, [&] {
      return OnThreads(1, kRecords / 4, [&](int n) {
        for (int i = 0; i < n; ++i) body(i);
      });
    });
  };
  measure("native histogram record, schema 8", 10, [&](int i) { fine.Record(ValueOf(i)); });
  measure("histogram record with exemplar", 100, [&](int i) {
    histogram.Record(ValueOf(i), {.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", .span_id = "00f067aa0ba902b7"});
  });
  measure("clock alone", 25, [](int) { (void)cachescope::Stopwatch(); });
  measure("scoped timer into a histogram", 75, [&](int) { const cachescope::ScopedTimer timer(histogram); });
  measure("timer by id, start and stop", 120, [&](int) { timers.Stop(timers.Start(), histogram); });
  measure("state set by number", 1, [&](int i) { states.Set(static_cast<std::size_t>(i % 3)); });
  measure("state set by name", 20, [&](int i) { states.Set(i % 2 == 0 ? "a" : "c"); });
  measure("custom counter by name and two labels", 100, [&](int) {
    custom.Increment("user.login", {{"source", "api"}, {"method", "oauth"}});
  });
}

#ifdef CACHESCOPE_BENCH_OTEL
void CompareWithOpenTelemetry(int repetitions) {
  std::printf("\n| path (median / best) | cachescope | OpenTelemetry C++ | ratio | budget |\n");
  std::printf("| --- | --- | --- | --- | --- |\n");
  cachescope::Registry registry;
  const cachescope::Counter counter = registry.Counter({.name = "a_total"});
  const cachescope::Histogram histogram = registry.Histogram({.name = "h"});
  cachescope::bench::OtelPeer peer;
  const auto compare = [&](const std::string& what, double budget, auto ours, auto theirs) {
    for (const int threads : {1, 2}) {
      const std::string row = what + (threads == 1 ? ", 1 thread" : ", 2 threads on one");
      Compare(
          row.c_str(), "ns", budget, repetitions, [&] { return OnThreads(threads, kRecords, ours); },
          [&] { return OnThreads(threads, kRecords / 10, theirs); });
    }
  };
  const auto add = [&](int n) {
    for (int i = 0; i < n; ++i) {
      counter.Increment();
      Barrier();
    }
  };
  const auto record = [&](int n) {
    for (int i = 0; i < n; ++i) histogram.Record(ValueOf(i));
  };
  compare("counter add; peer: no attributes", 1, add, [&](int n) { peer.Add(n); });
  compare("counter add, held handle; peer: one attribute", 1, add, [&](int n) { peer.AddWithAttribute(n); });
  compare("histogram record; peer: no attributes", 4, record, [&](int n) { peer.Record(n, &ValueOf); });
}
#endif

void CompareExposition(int repetitions, int series) {
  cachescope::Registry registry({.max_series = 1'000'000});
  const auto ours = registry.Counter({.name = "bench_requests_total", .help = "Requests.", .labels = {"shard"}});
  prometheus::Registry peer_registry;
  auto& peer = prometheus::BuildCounter().Name("bench_requests_total").Help("Requests.").Register(peer_registry);
  for (int i = 0; i < series; ++i) {
    ours.With({std::to_string(100000 + i)}).Increment(i * 17);
    peer.Add({{"shard", std::to_string(100000 + i)}}).Increment(i * 17);
  }
  const std::string what = "exposition per series, " + std::to_string(series) + " counters";
  Compare(
      what.c_str(), "ns", 60, repetitions,
      [&] {
        const auto start = Clock::now();
        const std::string text = cachescope::Text(registry);
        return Nanoseconds(start, text.empty() ? 1 : series);
      },
      [&] {
        const auto start = Clock::now();
        const std::string text = prometheus::TextSerializer().Serialize(peer_registry.Collect());
        return Nanoseconds(start, text.empty() ? 1 : series);
      });
}

// Resident bytes; sees what the library maps for itself besides the heap.
double ResidentBytes() {
  long pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
  if (file != nullptr) std::fclose(file);
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// In a child process, so that no measurement reuses memory another one freed.
template <class Fill>
double BytesPerSeries(bool resident, Fill fill) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    const auto measure = [&] {
      return resident ? ResidentBytes() : static_cast<double>(cachescope::bench::HeapBytes());
    };
    const double before = measure();
    const auto owner = fill();
    const double bytes = (measure() - before) / kMemorySeries;
    _exit(write(ends[1], &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
  }
  double bytes = 0;
  const bool read_all = child > 0 && read(ends[0], &bytes, sizeof bytes) == sizeof bytes;
  if (child > 0) waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  return read_all ? bytes : 0;
}

void CompareMemory() {
  const auto ours = [] {
    auto registry = std::make_unique<cachescope::Registry>(cachescope::RegistryOptions{.max_series = kMemorySeries});
    const auto family = registry->Counter({.name = "requests_total", .labels = {"shard"}});
    for (int i = 0; i < kMemorySeries; ++i) family.With({std::to_string(100000 + i)}).Increment();
    return registry;
  };
  const auto peer = [] {
    auto registry = std::make_unique<prometheus::Registry>();
    auto& family = prometheus::BuildCounter().Name("requests_total").Register(*registry);
    for (int i = 0; i < kMemorySeries; ++i) family.Add({{"shard", std::to_string(100000 + i)}}).Increment();
    return registry;
  };
  Compare(
      "memory per labelled counter, resident", "bytes", 150, 1, [&] { return BytesPerSeries(true, ours); },
      [&] { return BytesPerSeries(true, peer); });
  // Our heap figure leaves out the 16 bytes of cells, which are mapped.
  Compare(
      "memory per labelled counter, heap only", "bytes", 150, 1, [&] { return BytesPerSeries(false, ours); },
      [&] { return BytesPerSeries(false, peer); });
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  std::printf("| path (median / best) | cachescope | prometheus-cpp | ratio | budget |\n");
  std::printf("| --- | --- | --- | --- | --- |\n");
  CompareMemory();
  CompareCounters(repetitions);
  CompareHistograms(repetitions);
  CompareNativeHistograms(repetitions);
  CompareSummaries(repetitions);
  MeasureOthers(repetitions);
  CompareExposition(repetitions, 10'000);
  CompareExposition(repetitions, 100'000);
#ifdef CACHESCOPE_BENCH_OTEL
  CompareWithOpenTelemetry(repetitions);
#endif
}
