// What profiling costs: a measured scope beside the two clock reads it cannot do without, and beside prometheus-cpp's
// Summary with the same two reads. Repetitions of all alternate; the table has medians and the best of the repetitions.
// Two-thread figures are wall time per operation of one thread while another does the same on the same operation.
//
//   profile_bench [REPETITIONS]     default 15
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/error_tracker.h"
#include "cachescope/live_statistics.h"
#include "cachescope/operation_tracker.h"
#include "cachescope/profiler.h"
#include "prometheus/registry.h"
#include "prometheus/summary.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOperations = 50'000;
constexpr int kPeerOperations = 3'000;  // some 50 times slower with two threads

double Nanoseconds(Clock::time_point start, double operations) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / operations;
}

struct Row {
  std::string what;
  int threads;
  std::function<void(int)> loop;
  int operations = kOperations;
  std::vector<double> times = {};
};

double OnThreads(const Row& row, int operations) {
  std::atomic<int> waiting{row.threads};
  std::vector<double> times(static_cast<std::size_t>(row.threads));
  std::vector<std::thread> running;
  for (int t = 0; t < row.threads; ++t) {
    running.emplace_back([&, t] {
      row.loop(100);  // first touch
      --waiting;
      while (waiting.load() != 0) {
      }
      const auto start = Clock::now();
      row.loop(operations);
      times[static_cast<std::size_t>(t)] = Nanoseconds(start, operations);
    });
  }
  for (std::thread& thread : running) thread.join();
  double sum = 0;
  for (const double time : times) sum += time;
  return sum / row.threads;
}

template <class Function>
std::function<void(int)> Loop(Function function) {
  return [function](int operations) {
    for (int i = 0; i < operations; ++i) function();
  };
}

// The best of some snapshots of many caches, in microseconds for each cache.
double SnapshotMicroseconds() {
  cachescope::LiveStatistics statistics;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < 121; ++i) {
    for (int c = 0; c < 64; ++c) {
      const double grown = 1000.0 * i + (i * c) % 17;
      statistics.Record("cache" + std::to_string(c),
                        {.hits = grown, .misses = grown / 3, .entries = grown, .bytes = 100 * grown},
                        start + std::chrono::seconds(30 * i));
    }
  }
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const auto before = Clock::now();
    const std::size_t caches = statistics.Snapshot(start).caches.size();
    const double time = Nanoseconds(before, static_cast<double>(caches)) / 1000;
    best = i == 0 ? time : std::min(best, time);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  cachescope::Profiler profiler;
  cachescope::ErrorTracker errors;
  cachescope::OperationTracker tracker(profiler, errors);
  const cachescope::ProfiledOperation operation = profiler.Operation("lookup");
  prometheus::Registry registry;
  auto& summary = prometheus::BuildSummary().Name("s").Register(registry).Add(
      {}, prometheus::Summary::Quantiles{{0.5, 0.05}, {0.95, 0.01}, {0.99, 0.001}});
  std::vector<Row> rows;
  for (const int threads : {1, 2}) {
    rows.push_back({"two clock reads", threads, Loop([&] {
                      const auto start = Clock::now();
                      const auto took = Clock::now() - start;
                      asm volatile("" : : "r"(took.count()) : "memory");
                    })});
    rows.push_back({"scope by handle", threads, Loop([&] { const auto scope = operation.Measure(); })});
    rows.push_back({"scope by name", threads, Loop([&] { const auto scope = profiler.Measure("lookup"); })});
    rows.push_back({"start and stop by id", threads, Loop([&] { profiler.Stop(profiler.Start(operation)); })});
    rows.push_back(
        {"record a known duration", threads, Loop([&] { operation.Record(std::chrono::nanoseconds(1234)); })});
    rows.push_back({"tracked call", threads, Loop([&] { tracker.Track("lookup", [] {}); })});
    rows.push_back(
        {"error of a known class", threads, Loop([&] { errors.RecordError("lookup", "timeout", "no answer"); })});
    rows.push_back({"prometheus-cpp Summary, two clock reads", threads, Loop([&] {
                      const auto start = Clock::now();
                      summary.Observe(std::chrono::duration<double>(Clock::now() - start).count());
                    }),
                    kPeerOperations});
  }
  for (int i = 0; i < repetitions; ++i) {
    for (Row& row : rows) row.times.push_back(OnThreads(row, row.operations));
  }
  std::printf("| path | threads | median ns | best ns |\n| --- | --- | --- | --- |\n");
  for (Row& row : rows) {
    std::sort(row.times.begin(), row.times.end());
    std::printf("| %s | %d | %.1f | %.1f |\n", row.what.c_str(), row.threads, row.times[row.times.size() / 2],
                row.times[0]);
  }
  std::printf("live statistics: a snapshot takes %.1f µs at best for each cache of 121 readings\n",
              SnapshotMicroseconds());
}
