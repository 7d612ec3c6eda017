// Threads, fork() and thread ends; meant to run under the thread sanitizer, too.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/profiler.h"

namespace cachescope {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 2000;

TEST(ProfilerStress, NothingIsLostAmongThreads) {
  Profiler profiler({.max_operations = 4});
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const ProfileReport report = profiler.Report();
      for (const ActiveOperation& active : report.active)
        ASSERT_TRUE(active.name.starts_with("op") || active.name == "other");
      for (const OperationProfile& profile : report.operations) ASSERT_LE(profile.failures, profile.count);
    }
  });
  std::vector<std::thread> workers;
  for (int t = 0; t < kThreads; ++t) {
    workers.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        auto outer = profiler.Measure("op" + std::to_string((i + t) % 6));
        auto inner = profiler.Measure("op0");
        if (i % 3 == 0) inner.Fail();
        if (i % 5 == 0) outer.Stop();
        const OperationId id = profiler.Start("op1");
        ASSERT_TRUE(profiler.Stop(id));
        ASSERT_FALSE(profiler.Stop(id));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  done = true;
  reader.join();
  const ProfileReport report = profiler.Report();
  EXPECT_EQ(report.count, std::uint64_t{kThreads} * kRounds * 3);
  EXPECT_TRUE(report.active.empty());
  EXPECT_EQ(report.unlisted, 0U);
}

TEST(ProfilerStress, OfAllWhoStopAnIdOneSucceeds) {
  Profiler profiler({.max_started = 8});
  for (int round = 0; round < 200; ++round) {
    const OperationId id = profiler.Start("a");
    std::atomic<int> stopped{0};
    std::vector<std::thread> workers;
    for (int t = 0; t < kThreads; ++t) {
      workers.emplace_back([&] {
        if (profiler.Stop(id)) ++stopped;
        const OperationId own = profiler.Start("b");
        ASSERT_TRUE(own == OperationId::kNone || profiler.Stop(own));
      });
    }
    for (std::thread& worker : workers) worker.join();
    ASSERT_EQ(stopped, 1);
  }
  EXPECT_TRUE(profiler.Report().active.empty());
}

TEST(ProfilerStress, ThreadsComeAndGoWithScopesAbroad) {
  Profiler profiler;
  const ProfiledOperation a = profiler.Operation("a");
  for (int i = 0; i < 100; ++i) {
    ProfileScope abroad;
    std::thread([&] { abroad = a.Measure(); }).join();
    std::thread([&] { auto scope = a.Measure(); }).join();
  }
  EXPECT_EQ(profiler.Report().count, 200U);
  EXPECT_TRUE(profiler.Report().active.empty());
}

TEST(ProfilerStress, TheChildOfAForkGoesOnAlone) {
  Profiler profiler;
  const ProfiledOperation a = profiler.Operation("a");
  const ProfiledOperation b = profiler.Operation("b");
  std::atomic<int> phase{0};
  std::thread other([&] {
    auto scope = b.Measure();
    phase = 1;
    while (phase != 2) std::this_thread::yield();
  });
  while (phase != 1) std::this_thread::yield();
  auto mine = a.Measure();
  const pid_t child = fork();
  if (child == 0) {
    a.Record(std::chrono::milliseconds(1));
    const ProfileReport report = profiler.Report();
    const bool alone = report.active.size() == 1 && report.active[0].name == "a" &&
                       report.active[0].thread_id == static_cast<std::uint32_t>(getpid());
    mine.Stop();
    _exit(alone && report.count == 1 && profiler.Report().active.empty() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(profiler.Report().active.size(), 2U);
  phase = 2;
  other.join();
}

}  // namespace
}  // namespace cachescope
