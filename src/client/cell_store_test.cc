#include "client/cell_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"

namespace cachescope::client {
namespace {

std::uint64_t Sum(std::uint32_t cell) {
  std::uint64_t sum = 0;
  SumCells({&cell, 1}, &sum);
  return sum;
}

TEST(CellStore, RunsDoNotOverlapAndStayInAChunk) {
  std::set<std::uint32_t> taken;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> runs;
  for (const std::uint32_t length : {1U, 13U, 512U, 1U, 300U, 300U, 2U, 100U, 13U, 13U}) {
    const std::uint32_t first = AllocateCells(length, false);
    ASSERT_NE(first, 0U);
    EXPECT_EQ(first / detail::kCellsPerChunk, (first + length - 1) / detail::kCellsPerChunk);
    for (std::uint32_t i = 0; i < length; ++i) EXPECT_TRUE(taken.insert(first + i).second);
    runs.emplace_back(first, length);
  }
  EXPECT_FALSE(taken.contains(detail::kNullRun));
  EXPECT_FALSE(taken.contains(detail::kNullCell));
  for (const auto& [first, length] : runs) FreeCells(first, length);
  EXPECT_EQ(AllocateCells(0, false), 0U);
  EXPECT_EQ(AllocateCells(513, false), 0U);
}

TEST(CellStore, FreedCellsAreReusedAndZero) {
  const std::uint32_t cell = AllocateCells(3, true);
  detail::AddFloatCell(cell, 1e300);
  detail::AddCell(cell + 1, 5);
  std::thread([&] { detail::AddFloatCell(cell, 0.5); }).join();
  FreeCells(cell, 3);
  const std::uint32_t again = AllocateCells(3, false);
  EXPECT_EQ(again, cell);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(Sum(again + i), 0U);
  FreeCells(again, 3);
}

TEST(CellStore, EndedThreadsLeaveTheirNumbers) {
  const std::uint32_t run = AllocateCells(2, true);
  const std::size_t threads_before = ThreadCountForTest();
  for (int i = 0; i < 10; ++i) {
    std::thread([&] {
      detail::AddFloatCell(run, 0.5);
      detail::AddCell(run + 1, 2);
    }).join();
  }
  EXPECT_EQ(ThreadCountForTest(), threads_before);
  EXPECT_EQ(SumFloatCell(run), 5);
  EXPECT_EQ(Sum(run + 1), 20U);
  FreeCells(run, 2);
}

TEST(CellStore, ShortLivedThreadsDoNotMapMemoryEachTime) {
  const std::uint32_t cell = AllocateCells(1, false);
  std::thread([&] { detail::AddCell(cell, 1); }).join();
  const std::size_t mapped = MappedBytesForTest();
  for (int i = 0; i < 100; ++i) std::thread([&] { detail::AddCell(cell, 1); }).join();
  EXPECT_EQ(MappedBytesForTest(), mapped);
  EXPECT_EQ(Sum(cell), 101U);
  FreeCells(cell, 1);
}

// A pthread key whose destructor runs after the store's adds in a thread past its end.
TEST(CellStore, ThreadsPastTheirEndStillCount) {
  static std::uint32_t cell = 0;
  static pthread_key_t key;
  static std::atomic<int> rounds{0};
  cell = AllocateCells(1, false);
  rounds = 0;
  ASSERT_EQ(pthread_key_create(&key,
                               [](void* value) {
                                 detail::AddCell(cell, 1);
                                 // Comes back in the next round of destructors, when the store's has certainly run.
                                 if (++rounds < 2) pthread_setspecific(key, value);
                               }),
            0);
  std::thread([&] {
    detail::AddCell(cell, 1);
    pthread_setspecific(key, &key);
  }).join();
  pthread_key_delete(key);
  EXPECT_EQ(rounds.load(), 2);
  EXPECT_EQ(Sum(cell), 3U);
  FreeCells(cell, 1);
}

TEST(CellStore, DestructorsOfThreadLocalObjectsCount) {
  static std::uint32_t cell = 0;
  cell = AllocateCells(1, false);
  struct AtExit {
    ~AtExit() { detail::AddCell(cell, 10); }
  };
  std::thread([] {
    static thread_local AtExit at_exit;
    (void)&at_exit;
    detail::AddCell(cell, 1);
  }).join();
  EXPECT_EQ(Sum(cell), 11U);
  FreeCells(cell, 1);
}

TEST(CellStore, ChildOfForkGoesOnCounting) {
  Registry registry;
  const Counter counter = registry.Counter({.name = "a_total"});
  counter.Increment(5);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    counter.Increment();
    _exit(counter.Value() == 6 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(counter.Value(), 5);
}

}  // namespace
}  // namespace cachescope::client

namespace {

// Used by a static object's destructor, after main() and after the objects of this file that were made later.
struct UsesInstrumentsAtExit {
  cachescope::Counter counter;
  cachescope::Histogram histogram;
  ~UsesInstrumentsAtExit() {
    counter.Increment();
    counter.Increment(0.5);
    histogram.Record(1);
    cachescope::Counter late = cachescope::DefaultRegistry().Counter({.name = "made_at_exit_total"});
    late.Increment();
    if (late.Value() != 1 || cachescope::Text(cachescope::DefaultRegistry()).empty()) _exit(66);
  }
};
UsesInstrumentsAtExit uses_instruments_at_exit;

TEST(CellStore, InstrumentsWorkDuringStaticDestruction) {
  // What is checked happens at exit; ending with status 66 there fails the program.
  static cachescope::Registry registry;  // destroyed before the user above
  uses_instruments_at_exit.counter = registry.Counter({.name = "a_total"});
  uses_instruments_at_exit.histogram = registry.Histogram({.name = "h"});
  EXPECT_TRUE(uses_instruments_at_exit.counter);
}

}  // namespace
