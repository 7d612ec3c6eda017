// After fork() the child goes on counting with the instruments it has, from the parent's numbers, also when other
// threads were in the middle of recording.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"

namespace cachescope {
namespace {

// The thread sanitizer ends a child that starts a thread.
#ifdef __SANITIZE_THREAD__
constexpr bool kChildMayStartThreads = false;
#else
constexpr bool kChildMayStartThreads = true;
#endif

// Runs `body` in a child; true if it returned true within a minute.
template <class Body>
bool InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(body() ? 0 : 1);
  }
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

TEST(Fork, ChildGoesOnCounting) {
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "a_total"});
  const Histogram native = registry.Histogram({.name = "h", .native = {.schema = 4}});
  const Summary summary = registry.Summary({.name = "s"});
  counter.Increment(5);
  native.Record(1);
  summary.Record(1);
  EXPECT_TRUE(InChild([&] {
    counter.Increment(2);
    native.Record(3);
    summary.Record(3);
    const std::string text = Text(registry);
    return counter.Value() == 7 && native.Count() == 2 && summary.Count() == 2 &&
           text.find("a_total 7\n") != std::string::npos;
  }));
  EXPECT_EQ(counter.Value(), 5);
  EXPECT_EQ(native.Count(), 1U);
}

TEST(Fork, ChildIsNotBlockedByWhatThreadsWereDoing) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer's own locks may be held by a thread that the child does not have";
#endif
  Registry registry;
  const Counter counter = registry.Counter({.name = "a_total"});
  const Histogram native = registry.Histogram({.name = "h", .native = {.schema = 8, .max_buckets = 10000}});
  const Summary summary = registry.Summary({.name = "s"});
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; !done.load(); ++i) {
        // New buckets all the time, so that the slow path is busy.
        const double value = std::exp2((i * 37 + t) % 40000 / 500.0 - 40);
        native.Record(value);
        summary.Record(value);
        counter.Increment(0.5, {.trace_id = "t"});
        std::thread([&] { counter.Increment(); }).join();
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(InChild([&] {
      for (int j = 0; j < 100; ++j) {
        native.Record(std::exp2(50 + j));
        summary.Record(std::exp2(50 + j));
        counter.Increment(1, {.trace_id = "t"});
      }
      if (kChildMayStartThreads) std::thread([&] { counter.Increment(); }).join();
      return native.Count() >= 100 && counter.Value() >= 100;
    }));
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cachescope
