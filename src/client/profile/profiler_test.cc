#include "cachescope/profiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "client/allocation_counter_test.h"
#include "client/profile/json_reader_test.h"

namespace cachescope {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using TimePoint = Profiler::TimePoint;
using testing::HasSubstr;

OperationProfile Find(const ProfileReport& report, const std::string& name) {
  for (const OperationProfile& profile : report.operations) {
    if (profile.name == name) return profile;
  }
  return {};
}

TEST(Profiler, CountsAndOrdersTimes) {
  Profiler profiler;
  const ProfiledOperation lookup = profiler.Operation("lookup");
  for (int i = 1; i <= 100; ++i) lookup.Record(milliseconds(i), i > 10);
  const ProfileReport report = profiler.Report();
  const OperationProfile profile = Find(report, "lookup");
  EXPECT_EQ(profile.count, 100U);
  EXPECT_EQ(profile.failures, 10U);
  EXPECT_DOUBLE_EQ(profile.success_rate, 0.9);
  EXPECT_DOUBLE_EQ(profile.total, 5.05);
  EXPECT_DOUBLE_EQ(profile.mean, 0.0505);
  EXPECT_DOUBLE_EQ(profile.min, 0.001);
  EXPECT_DOUBLE_EQ(profile.max, 0.1);
  EXPECT_NEAR(profile.p50, 0.050, 0.050 / 16);
  EXPECT_NEAR(profile.p95, 0.095, 0.095 / 16);
  EXPECT_NEAR(profile.p99, 0.099, 0.099 / 16);
  EXPECT_EQ(report.count, 100U);
  EXPECT_DOUBLE_EQ(report.success_rate, 0.9);
}

TEST(Profiler, AScopeMeasuresItsLife) {
  Profiler profiler;
  double inside = 0;
  const TimePoint before = std::chrono::steady_clock::now();
  {
    auto scope = profiler.Measure("a");
    auto moved = std::move(scope);
    const TimePoint begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < milliseconds(2)) {
    }
    inside = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
  const double all = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  const OperationProfile profile = Find(profiler.Report(), "a");
  EXPECT_EQ(profile.count, 1U);
  // Whatever else the machine does meanwhile, the scope began before the one and ended before the other.
  EXPECT_GE(profile.total, inside * 0.999);
  EXPECT_LE(profile.total, all);
}

TEST(Profiler, StopEndsAScopeOnce) {
  Profiler profiler;
  auto scope = profiler.Measure("a");
  scope.Stop();
  scope.Stop();
  scope = profiler.Measure("a");
  scope = ProfileScope();
  EXPECT_EQ(Find(profiler.Report(), "a").count, 2U);
}

TEST(Profiler, AnExceptionMarksFailure) {
  Profiler profiler;
  const auto throws = [&] {
    auto outer = profiler.Measure("outer");
    try {
      auto inner = profiler.Measure("inner");
      throw std::runtime_error("x");
    } catch (const std::runtime_error&) {
    }
  };
  throws();
  EXPECT_EQ(Find(profiler.Report(), "inner").failures, 1U);
  EXPECT_EQ(Find(profiler.Report(), "outer").failures, 0U);
  {
    auto scope = profiler.Measure("inner");
    scope.Fail();
  }
  EXPECT_EQ(Find(profiler.Report(), "inner").failures, 2U);
  EXPECT_EQ(Find(profiler.Report(), "inner").success_rate, 0);
}

TEST(Profiler, AScopeInADestructorThatUnwindingRunsIsNoFailure) {
  Profiler profiler;
  struct Cleaner {
    Profiler& profiler;
    ~Cleaner() { auto scope = profiler.Measure("clean"); }
  };
  try {
    const Cleaner cleaner{profiler};
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(Find(profiler.Report(), "clean").count, 1U);
  EXPECT_EQ(Find(profiler.Report(), "clean").failures, 0U);
}

TEST(Profiler, ActiveOperationsAreVisibleLongestFirst) {
  Profiler profiler;
  const TimePoint start = std::chrono::steady_clock::now();
  const OperationId id = profiler.Start("by id", start - milliseconds(500));
  auto outer = profiler.Measure("outer");
  auto inner = profiler.Measure("inner");
  const ProfileReport report = profiler.Report(start + std::chrono::hours(1));
  ASSERT_EQ(report.active.size(), 3U);
  EXPECT_EQ(report.active[0].name, "by id");
  EXPECT_DOUBLE_EQ(report.active[0].seconds, 3600.5);
  EXPECT_EQ(report.active[0].thread_id, 0U);
  EXPECT_EQ(report.active[1].name, "outer");
  EXPECT_NE(report.active[1].thread_id, 0U);
  EXPECT_EQ(Find(report, "inner").active, 1U);
  EXPECT_EQ(Find(report, "inner").count, 0U);
  EXPECT_TRUE(std::isnan(Find(report, "inner").p99));
  outer.Stop();
  inner.Stop();
  EXPECT_TRUE(profiler.Stop(id));
  EXPECT_TRUE(profiler.Report().active.empty());
}

TEST(Profiler, ScopesEndInAnyOrderAndOnOtherThreads) {
  Profiler profiler;
  const ProfiledOperation a = profiler.Operation("a");
  auto first = a.Measure();
  auto second = a.Measure();
  auto third = a.Measure();
  first.Stop();
  std::thread([scope = std::move(second)]() mutable { scope.Stop(); }).join();
  auto fourth = a.Measure();
  EXPECT_EQ(Find(profiler.Report(), "a").active, 2U);
  // A thread may end before its scopes do; its slots go on to the next thread.
  ProfileScope kept;
  std::thread([&] { kept = a.Measure(); }).join();
  std::thread([&] {
    auto scope = a.Measure();
    EXPECT_EQ(Find(profiler.Report(), "a").active, 4U);
  }).join();
  EXPECT_EQ(profiler.Report().active.size(), 3U);
  kept.Stop();
  third.Stop();
  fourth.Stop();
  EXPECT_EQ(Find(profiler.Report(), "a").count, 6U);
  EXPECT_TRUE(profiler.Report().active.empty());
}

TEST(Profiler, MoreScopesThanAThreadListsAreCountedAllTheSame) {
  Profiler profiler;
  const ProfiledOperation a = profiler.Operation("a");
  std::vector<ProfileScope> scopes;
  for (int i = 0; i < 200; ++i) scopes.push_back(a.Measure());
  ProfileReport report = profiler.Report();
  EXPECT_EQ(Find(report, "a").active, 200U);
  EXPECT_EQ(report.active.size() + report.unlisted, 200U);
  EXPECT_LE(report.active.size(), 128U);
  scopes.clear();
  report = profiler.Report();
  EXPECT_EQ(Find(report, "a").count, 200U);
  EXPECT_EQ(Find(report, "a").active, 0U);
  EXPECT_EQ(report.unlisted, 0U);
}

TEST(Profiler, AnIdStopsOnce) {
  Profiler profiler({.max_started = 2});
  const TimePoint start{std::chrono::seconds(100)};
  const OperationId id = profiler.Start("job", start);
  EXPECT_TRUE(profiler.Stop(id, false, start + milliseconds(250)));
  EXPECT_FALSE(profiler.Stop(id));
  EXPECT_FALSE(profiler.Stop(OperationId::kNone));
  EXPECT_FALSE(profiler.Stop(static_cast<OperationId>(UINT64_MAX)));
  const OperationId next = profiler.Start("job", start);
  EXPECT_NE(next, id);
  EXPECT_FALSE(profiler.Stop(id));
  // A clock that went back.
  EXPECT_TRUE(profiler.Stop(next, true, start - milliseconds(1)));
  const OperationProfile profile = Find(profiler.Report(), "job");
  EXPECT_EQ(profile.count, 2U);
  EXPECT_EQ(profile.failures, 1U);
  EXPECT_DOUBLE_EQ(profile.max, 0.25);
  EXPECT_DOUBLE_EQ(profile.min, 0);
}

TEST(Profiler, AnIdOfAnotherProfilerStopsNothing) {
  Profiler one;
  Profiler two;
  const OperationId id = one.Start("job");
  const OperationId same_place = two.Start("job");
  EXPECT_FALSE(two.Stop(id));
  EXPECT_FALSE(one.Stop(same_place));
  EXPECT_TRUE(one.Stop(id));
  EXPECT_TRUE(two.Stop(same_place));
}

TEST(Profiler, StartedOperationsAreBounded) {
  Profiler profiler({.max_started = 2});
  const OperationId one = profiler.Start("job");
  const OperationId two = profiler.Start("job");
  EXPECT_EQ(profiler.Start("job"), OperationId::kNone);
  EXPECT_EQ(profiler.Report().refused, 1U);
  EXPECT_TRUE(profiler.Stop(two));
  const OperationId three = profiler.Start("job");
  EXPECT_NE(three, OperationId::kNone);
  EXPECT_TRUE(profiler.Stop(one));
  EXPECT_TRUE(profiler.Stop(three));
}

TEST(Profiler, NamesAreBounded) {
  Profiler profiler({.max_operations = 3});
  for (int i = 0; i < 10; ++i) profiler.Operation("op" + std::to_string(i)).Record(nanoseconds(i));
  const ProfileReport report = profiler.Report();
  EXPECT_EQ(report.operations.size(), 4U);
  EXPECT_EQ(Find(report, "other").count, 7U);
  EXPECT_EQ(report.folded, 7U);
  EXPECT_EQ(report.count, 10U);
}

TEST(Profiler, AnOtherOfTheUsersOwnTakesTheRest) {
  Profiler profiler({.max_operations = 1});
  profiler.Operation("other").Record(nanoseconds(1));
  profiler.Operation("a").Record(nanoseconds(1));
  ASSERT_EQ(profiler.Report().operations.size(), 1U);
  EXPECT_EQ(Find(profiler.Report(), "other").count, 2U);
}

TEST(Profiler, LongNamesAreCut) {
  Profiler profiler;
  profiler.Operation(std::string(200, 'x')).Record(nanoseconds(1));
  profiler.Operation(std::string(300, 'x')).Record(nanoseconds(1));
  EXPECT_EQ(Find(profiler.Report(), std::string(kMaxOperationNameBytes, 'x')).count, 2U);
}

TEST(Profiler, ResetStartsAnew) {
  Profiler profiler;
  const ProfiledOperation a = profiler.Operation("a");
  a.Record(milliseconds(5), false);
  auto active = a.Measure();
  profiler.Reset();
  EXPECT_EQ(profiler.Report().count, 0U);
  EXPECT_EQ(Find(profiler.Report(), "a").active, 1U);
  active.Stop();
  a.Record(milliseconds(7));
  const OperationProfile profile = Find(profiler.Report(), "a");
  EXPECT_EQ(profile.count, 2U);
  EXPECT_EQ(profile.failures, 0U);
  EXPECT_DOUBLE_EQ(profile.max, 0.007);
}

TEST(Profiler, ExtremeDurations) {
  Profiler profiler;
  const ProfiledOperation a = profiler.Operation("a");
  a.Record(nanoseconds(-5));
  a.Record(std::chrono::hours(24));
  const OperationProfile profile = Find(profiler.Report(), "a");
  EXPECT_EQ(profile.min, 0);
  EXPECT_DOUBLE_EQ(profile.p99, 86400);
}

TEST(Profiler, NullHandlesKeepNothing) {
  const ProfiledOperation null;
  EXPECT_FALSE(null);
  null.Record(nanoseconds(1));
  auto scope = null.Measure();
  scope.Fail();
  Profiler profiler;
  EXPECT_EQ(profiler.Start(null), OperationId::kNone);
}

TEST(Profiler, HandlesOutliveTheProfiler) {
  auto profiler = std::make_unique<Profiler>();
  const ProfiledOperation a = profiler->Operation("a");
  auto scope = a.Measure();
  profiler.reset();
  a.Record(nanoseconds(1));
  scope.Stop();
  EXPECT_TRUE(a);
}

TEST(Profiler, AllocatesNothingOnceTheNameIsKnown) {
  Profiler profiler;
  const ProfiledOperation a = profiler.Operation("a name that is too long to be short");
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 1000; ++i) {
    auto scope = a.Measure();
    auto by_name = profiler.Measure("a name that is too long to be short");
    const OperationId id = profiler.Start(a);
    a.Record(nanoseconds(i));
    profiler.Stop(id);
  }
  EXPECT_EQ(client::AllocationCountForTest(), before);
  EXPECT_EQ(profiler.Report().count, 4000U);
}

TEST(Profiler, JsonIsValidWhateverTheNames) {
  Profiler profiler;
  profiler.Operation("plain").Record(milliseconds(1));
  profiler.Operation("\"quoted\\\n\x01 ü \xff").Record(milliseconds(1));
  auto active = profiler.Measure("never \xc3");
  const std::string json = Json(profiler.Report());
  EXPECT_TRUE(client::IsJsonForTest(json)) << json;
  EXPECT_THAT(json,
              HasSubstr(R"("name":"plain","count":1,"failures":0,"active":0,"success_rate":1,"total_seconds":0.001)"));
  EXPECT_THAT(json, HasSubstr(R"("p50_seconds":null)"));
  EXPECT_TRUE(client::IsJsonForTest(Json(ProfileReport{})));
}

TEST(Profiler, TextIsATable) {
  Profiler profiler({.max_operations = 1});
  profiler.Operation("look\nup").Record(milliseconds(12));
  profiler.Operation("two").Record(std::chrono::microseconds(3), false);
  auto active = profiler.Measure("two");
  const std::string text = Text(profiler.Report());
  EXPECT_THAT(text, HasSubstr("2 operations, 1 failed\n"));
  EXPECT_THAT(text, HasSubstr("look up        1       0       0    100 %  12.0 ms  12.0 ms"));
  EXPECT_THAT(text, HasSubstr("3.00 µs"));
  EXPECT_THAT(text, HasSubstr("2 look-ups of further names count as \"other\"\n"));
}

FamilySnapshot FindFamily(const Registry& registry, const std::string& name) {
  for (const FamilySnapshot& family : registry.Collect()) {
    if (family.name == name) return family;
  }
  return {};
}

TEST(Profiler, MetricsFollowEachScrape) {
  Registry registry;
  {
    Profiler profiler;
    AddProfileMetrics(registry, profiler);
    EXPECT_TRUE(FindFamily(registry, "profiled_operation_duration_seconds").series.empty());
    profiler.Operation("get").Record(milliseconds(4), false);
  }
  const FamilySnapshot durations = FindFamily(registry, "profiled_operation_duration_seconds");
  ASSERT_EQ(durations.series.size(), 1U);
  EXPECT_EQ(durations.type, InstrumentType::kSummary);
  EXPECT_EQ(durations.series[0].labels, (LabelPairs{{"operation", "get"}}));
  EXPECT_EQ(durations.series[0].count, 1U);
  EXPECT_DOUBLE_EQ(durations.series[0].sum, 0.004);
  ASSERT_EQ(durations.series[0].quantiles.size(), 3U);
  EXPECT_EQ(durations.series[0].quantiles[1].quantile, 0.95);
  EXPECT_DOUBLE_EQ(durations.series[0].quantiles[1].value, 0.004);
  ASSERT_EQ(FindFamily(registry, "profiled_operation_failures_total").series.size(), 1U);
  EXPECT_EQ(FindFamily(registry, "profiled_operation_failures_total").series[0].value, 1);
  ASSERT_EQ(FindFamily(registry, "profiled_operation_active").series.size(), 1U);
  EXPECT_EQ(registry.error_count(), 0U);
}

TEST(Profiler, TheDefaultOneIsAlwaysThere) {
  EXPECT_EQ(&DefaultProfiler(), &DefaultProfiler());
  DefaultProfiler().Operation("x").Record(nanoseconds(1));
}

}  // namespace
}  // namespace cachescope
