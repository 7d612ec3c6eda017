#include "server/rules/rule_manager.h"

#include <gtest/gtest.h>

#include <thread>

#include "server/promql/memory_store.h"
#include "server/rules/threshold.h"

namespace cachescope::rules {
namespace {

constexpr DurationMs kMinute = 60'000;

class RuleManagerTest : public testing::Test {
 protected:
  RuleManagerTest() : clock_(0), manager_(RuleManager::New(engine_, store_, nullptr, clock_)) {}
  void Step(TimestampMs t, double x) {
    clock_.SetMs(t);
    ASSERT_TRUE(store_.NewAppender()->Append(0, {{"__name__", "x"}}, t, x).ok());
    manager_->EvaluateAll(t);
  }
  Status Load(const std::string& text, const std::string& file = "r.yml", RuleManagerOptions options = {}) {
    return manager_->Apply({{file, text}}, std::move(options));
  }
  // Of the alert with this name, in whichever group; -1: not active.
  TimestampMs ActiveAt(const std::string& name) {
    const std::vector<GroupSnapshot> groups = manager_->Groups();
    for (const GroupSnapshot& group : groups) {
      for (const RuleSnapshot& rule : group.rules) {
        if (rule.name == name && !rule.alerts.empty()) return rule.alerts[0].active_at;
      }
    }
    return -1;
  }

  SimulatedClock clock_;
  promql::Engine engine_;
  promql::MemoryStore store_;
  std::unique_ptr<RuleManager> manager_;
};

constexpr const char* kFile = "groups: [{name: g, rules: [{alert: A, expr: x > 1, for: 10m}]}]";

TEST_F(RuleManagerTest, StateSurvivesEveryKindOfReload) {
  ASSERT_TRUE(Load(kFile).ok());
  Step(kMinute, 2);
  ASSERT_EQ(ActiveAt("A"), kMinute);
  const auto keeps = [&](const Status& loaded, TimestampMs t, const char* how) {
    ASSERT_TRUE(loaded.ok()) << how;
    Step(t, 2);
    EXPECT_EQ(ActiveAt("A"), kMinute) << how;
  };
  keeps(Load(kFile), 2 * kMinute, "unchanged");
  RuleManagerOptions options;
  options.external_url = "http://other";
  keeps(Load(kFile, "r.yml", options), 3 * kMinute, "other options");
  keeps(Load("groups: [{name: g, interval: 30s, rules: [{record: new, expr: x}, {alert: A, expr: x > 1, for: 9m}]}]"),
        4 * kMinute, "changed group");
  keeps(Load("groups: [{name: renamed, rules: [{alert: A, expr: x > 1, for: 9m}]}]"), 5 * kMinute, "renamed group");
  keeps(Load("groups: [{name: renamed, rules: [{alert: A, expr: x > 1, for: 9m}]}]", "moved.yml"), 6 * kMinute,
        "moved to another file");
  ASSERT_TRUE(Load("groups: [{name: g, rules: [{alert: A, expr: x > 1, for: 9m, labels: {team: t}}]}]").ok());
  Step(7 * kMinute, 2);
  EXPECT_EQ(ActiveAt("A"), 7 * kMinute) << "with other labels it is another rule";
}

TEST_F(RuleManagerTest, ThresholdsStandBesideFilesAndLeaveThemAlone) {
  ASSERT_TRUE(Load(kFile).ok());
  Threshold threshold;
  threshold.id = "t1";
  threshold.name = "T";
  threshold.metric = "x";
  threshold.value = 1;
  ASSERT_TRUE(manager_->SetThresholds({threshold}).ok());
  Step(kMinute, 2);
  EXPECT_EQ(ActiveAt("A"), kMinute);
  EXPECT_EQ(ActiveAt("T"), kMinute);
  threshold.value = 1.5;
  ASSERT_TRUE(manager_->SetThresholds({threshold}).ok());
  Step(2 * kMinute, 2);
  EXPECT_EQ(ActiveAt("A"), kMinute);
  EXPECT_EQ(ActiveAt("T"), kMinute) << "the same threshold with another value";
  ASSERT_TRUE(Load("groups: []").ok());
  Step(3 * kMinute, 2);
  EXPECT_EQ(ActiveAt("A"), -1);
  EXPECT_EQ(ActiveAt("T"), kMinute) << "files come and go without it";
  threshold.id = "";
  EXPECT_EQ(manager_->SetThresholds({threshold}).code(), Code::kInvalidArgument);
  EXPECT_EQ(manager_->Groups().size(), 1U) << "nothing changed";
  ASSERT_TRUE(manager_->SetThresholds({}).ok());
  EXPECT_TRUE(manager_->Groups().empty());
}

TEST_F(RuleManagerTest, StatsAndSnapshotsWithoutAlerts) {
  ASSERT_TRUE(
      Load("groups: [{name: g, rules: [{alert: A, expr: x > 1}, {alert: B, expr: x > 1, for: 1h}, "
           "{record: r, expr: 'x + on(nothing) x'}, {record: bad, expr: 'x / on() group_left vector(1) > y'}]}]")
          .ok());
  Step(0, 2);
  const RuleStats stats = manager_->Stats();
  EXPECT_EQ(stats.groups, 1U);
  EXPECT_EQ(stats.rules, 4U);
  EXPECT_EQ(stats.evaluations, 1U);
  EXPECT_EQ(stats.firing, 1U);
  EXPECT_EQ(stats.pending, 1U);
  const std::vector<GroupSnapshot> groups = manager_->Groups(false);
  EXPECT_TRUE(groups[0].rules[0].alerts.empty());
  EXPECT_EQ(groups[0].rules[0].state, AlertState::kFiring);
}

// With real threads and a reload in between: nothing hangs, the rhythm of an unchanged group goes on.
TEST_F(RuleManagerTest, RunsOnItsOwnAndStops) {
  const std::string rules = "groups: [{name: g, interval: 10ms, rules: [{alert: A, expr: absent(nothing)}]}]";
  RuleManagerOptions options;
  options.concurrency = 2;
  options.check_interval = 0;  // this store may not be read while it is written
  promql::MemoryStore store;
  const auto manager = RuleManager::New(engine_, store, nullptr, Clock::System());
  ASSERT_TRUE(manager->Apply({{"r.yml", rules}}, options).ok());
  manager->Start();
  while (manager->Stats().firing == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_TRUE(manager->Apply({{"r.yml", rules}}, options).ok());
  const std::uint64_t before = manager->Stats().evaluations;
  EXPECT_GT(before, 0U) << "kept";
  while (manager->Stats().evaluations == before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  manager->Stop();
  manager->Stop();
  const std::uint64_t stopped = manager->Stats().evaluations;
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(manager->Stats().evaluations, stopped);
}

}  // namespace
}  // namespace cachescope::rules
