#include "server/rules/group.h"

#include <gtest/gtest.h>

#include <cmath>

#include "server/promql/memory_store.h"
#include "server/rules/scheduler.h"

namespace cachescope::rules {
namespace {

constexpr DurationMs kMinute = 60'000;

class Sink final : public AlertSink {
 public:
  void Send(const std::vector<Alert>& alerts) override {
    const std::lock_guard lock(mu_);
    sent_.insert(sent_.end(), alerts.begin(), alerts.end());
  }
  std::vector<Alert> Take() {
    const std::lock_guard lock(mu_);
    return std::exchange(sent_, {});
  }

 private:
  std::mutex mu_;
  std::vector<Alert> sent_;
};

class GroupTest : public testing::Test {
 protected:
  GroupTest() {
    context_.engine = &engine_;
    context_.storage = &store_;
    context_.sink = &sink_;
  }
  std::unique_ptr<Group> Make(const std::string& rules, const std::string& more = "") {
    std::vector<GroupDefinition> groups;
    const auto errors = ParseRuleFile({"r.yml", "groups:\n- name: g\n" + more + "  rules:\n" + rules}, {}, &groups);
    EXPECT_TRUE(errors.empty()) << errors.front().ToString();
    return std::make_unique<Group>(std::move(groups.at(0)), options_);
  }
  void Put(const Labels& labels, TimestampMs t, double v) {
    ASSERT_TRUE(store_.NewAppender()->Append(0, labels, t, v).ok());
  }
  void Step(Group& group, TimestampMs t, double x) {
    Put({{"__name__", "x"}, {"instance", "a"}}, t, x);
    group.Evaluate(context_, {t, t});
  }
  double Value(const std::string& expr, TimestampMs t) {
    const auto result = engine_.Instant(store_, expr, t);
    return result.ok() && result->series.size() == 1 ? result->series[0].floats[0].v : NAN;
  }
  std::size_t Count(const std::string& expr, TimestampMs t) { return engine_.Instant(store_, expr, t)->series.size(); }
  static AlertState State(const Group& group) { return group.Snapshot(true).rules.back().state; }

  promql::Engine engine_;
  promql::MemoryStore store_;
  Sink sink_;
  RuleManagerOptions options_;
  EvaluationContext context_;
};

constexpr const char* kSlow = "  - {alert: Slow, expr: x > 1, for: 30m}\n";

TEST_F(GroupTest, AFiringAlertIsToldEachMinuteAndAResolvedOneForAQuarter) {
  const auto group = Make("  - {alert: High, expr: x > 1}\n");
  Step(*group, 0, 2);
  ASSERT_EQ(sink_.Take().size(), 1U);
  Step(*group, 30'000, 2);
  EXPECT_TRUE(sink_.Take().empty()) << "within the resend delay";
  Step(*group, kMinute, 2);
  auto told = sink_.Take();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].valid_until, kMinute + 4 * kMinute);
  Step(*group, 2 * kMinute, 0);
  told = sink_.Take();
  ASSERT_EQ(told.size(), 1U) << "at once when it resolves";
  EXPECT_EQ(told[0].resolved_at, 2 * kMinute);
  int times = 0;
  for (TimestampMs t = 3 * kMinute; t <= 30 * kMinute; t += kMinute) {
    Step(*group, t, 0);
    times += static_cast<int>(sink_.Take().size());
  }
  EXPECT_EQ(times, 15);
}

TEST_F(GroupTest, ForGoesOnAfterARestart) {
  auto group = Make(kSlow);
  for (TimestampMs t = 0; t <= 25 * kMinute; t += kMinute) Step(*group, t, 2);
  EXPECT_EQ(State(*group), AlertState::kPending);
  group = Make(kSlow);
  group->RestoreLater();
  // Two minutes down: they do not count, and less than the grace period is left.
  Step(*group, 27 * kMinute, 2);
  EXPECT_EQ(Value("ALERTS_FOR_STATE", 27 * kMinute), 0) << "nothing overwrites what is to be restored";
  Step(*group, 28 * kMinute, 2);
  const auto alerts = group->Snapshot(true).rules[0].alerts;
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].active_at, (28 + 10 - 30) * kMinute) << "ten minutes of grace are left";
  for (TimestampMs t = 29 * kMinute; t < 38 * kMinute; t += kMinute) Step(*group, t, 2);
  EXPECT_EQ(State(*group), AlertState::kPending);
  Step(*group, 38 * kMinute, 2);
  EXPECT_EQ(State(*group), AlertState::kFiring);
}

TEST_F(GroupTest, AnAlertThatFiredBeforeARestartFiresAgainAtOnce) {
  auto group = Make(kSlow);
  for (TimestampMs t = 0; t <= 40 * kMinute; t += kMinute) Step(*group, t, 2);
  EXPECT_EQ(State(*group), AlertState::kFiring);
  group = Make(kSlow);
  group->RestoreLater();
  for (TimestampMs t = 41 * kMinute; t <= 43 * kMinute; t += kMinute) Step(*group, t, 2);
  EXPECT_EQ(State(*group), AlertState::kFiring);
  EXPECT_EQ(group->Snapshot(true).rules[0].alerts[0].active_at, 0);
}

TEST_F(GroupTest, MuchOfForIsLeftAfterARestart) {
  auto group = Make(kSlow);
  for (TimestampMs t = 0; t <= 5 * kMinute; t += kMinute) Step(*group, t, 2);
  group = Make(kSlow);
  group->RestoreLater();
  Step(*group, 9 * kMinute, 2);
  Step(*group, 10 * kMinute, 2);
  EXPECT_EQ(group->Snapshot(true).rules[0].alerts[0].active_at, 5 * kMinute) << "five minutes down do not count";
}

TEST_F(GroupTest, NothingIsRestoredAfterTooLongAnOutageOrWhenItHadEnded) {
  auto group = Make(kSlow);
  for (TimestampMs t = 0; t <= 20 * kMinute; t += kMinute) Step(*group, t, 2);
  group = Make(kSlow);
  group->RestoreLater();
  Step(*group, 90 * kMinute, 2);
  Step(*group, 91 * kMinute, 2);
  EXPECT_EQ(group->Snapshot(true).rules[0].alerts[0].active_at, 90 * kMinute);
  Step(*group, 92 * kMinute, 2);
  Step(*group, 93 * kMinute, 0);
  EXPECT_EQ(Count("ALERTS_FOR_STATE", 93 * kMinute), 0U);
  group = Make(kSlow);
  group->RestoreLater();
  Step(*group, 94 * kMinute, 2);
  Step(*group, 95 * kMinute, 2);
  EXPECT_EQ(group->Snapshot(true).rules[0].alerts[0].active_at, 94 * kMinute);
}

TEST_F(GroupTest, AChangedGroupKeepsTheStateOfRulesItStillHas) {
  const auto before = Make("  - {record: gone, expr: x}\n  - {record: kept, expr: x}\n" + std::string(kSlow));
  for (TimestampMs t = 0; t <= 20 * kMinute; t += kMinute) Step(*before, t, 2);
  const auto after = Make("  - {record: kept, expr: x * 1}\n  - {alert: Slow, expr: x > 1.5, for: 25m}\n");
  after->TakeStateFrom(*before);
  before->End(context_, 20 * kMinute + 1);
  EXPECT_EQ(Count("gone", 20 * kMinute + 1), 0U);
  EXPECT_EQ(Count("kept", 20 * kMinute + 1), 1U);
  EXPECT_EQ(Count("ALERTS", 20 * kMinute + 1), 1U);
  EXPECT_FALSE(before->Evaluate(context_, {21 * kMinute, 21 * kMinute})) << "it has been replaced";
  for (TimestampMs t = 21 * kMinute; t <= 25 * kMinute; t += kMinute) Step(*after, t, 2);
  EXPECT_EQ(State(*after), AlertState::kFiring) << "25 minutes since 0";
}

TEST_F(GroupTest, ForIsMeasuredWithoutTheJumpsOfTheClock) {
  const auto group = Make(kSlow);
  Step(*group, 0, 2);
  constexpr DurationMs kDay = 24 * 60 * kMinute;
  Put({{"__name__", "x"}, {"instance", "a"}}, kDay, 2);
  group->HoldUntil(16 * kMinute);
  group->Evaluate(context_, {kDay, kMinute});
  EXPECT_EQ(State(*group), AlertState::kPending) << "a minute has passed, whatever the wall clock says";
  Put({{"__name__", "x"}, {"instance", "a"}}, kDay + 29 * kMinute, 2);
  group->Evaluate(context_, {kDay + 29 * kMinute, 30 * kMinute});
  EXPECT_EQ(State(*group), AlertState::kFiring);
}

TEST_F(GroupTest, AJumpOfTheClockResolvesNothing) {
  const auto group = Make("  - {alert: High, expr: x > 1}\n");
  Step(*group, 0, 2);
  sink_.Take();
  constexpr DurationMs kHour = 60 * kMinute;
  group->HoldUntil(16 * kMinute);
  for (int minute = 1; minute < 5; ++minute) group->Evaluate(context_, {kHour + minute * kMinute, minute * kMinute});
  EXPECT_EQ(State(*group), AlertState::kFiring);
  for (const Alert& alert : sink_.Take()) EXPECT_EQ(alert.resolved_at, 0);
  group->Evaluate(context_, {kHour + 17 * kMinute, 17 * kMinute});
  EXPECT_EQ(State(*group), AlertState::kInactive) << "in the end it did end";
}

TEST_F(GroupTest, TooManyAlertsAreDroppedWhole) {
  const auto group = Make("  - {alert: Many, expr: y > 0}\n", "  limit: 2\n");
  for (const char* n : {"1", "2"}) Put({{"__name__", "y"}, {"n", n}}, 0, 1);
  group->Evaluate(context_, {0, 0});
  EXPECT_EQ(group->Snapshot(true).rules[0].alerts.size(), 2U);
  Put({{"__name__", "y"}, {"n", "3"}}, 1000, 1);
  group->Evaluate(context_, {1000, 1000});
  const auto rule = group->Snapshot(true).rules[0];
  EXPECT_EQ(rule.last_error, "exceeded limit of 2 with 3 alerts");
  EXPECT_EQ(rule.health, "err");
  EXPECT_TRUE(rule.alerts.empty());
}

TEST_F(GroupTest, TheQueryOffsetMovesSamplesButNotAlerts) {
  const auto group = Make("  - {record: r, expr: x}\n  - {alert: High, expr: x > 1}\n", "  query_offset: 1m\n");
  Put({{"__name__", "x"}}, 0, 5);
  group->Evaluate(context_, {kMinute, kMinute});
  EXPECT_EQ(Value("timestamp(r)", kMinute), 0);
  const auto alerts = group->Snapshot(true).rules[1].alerts;
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].active_at, kMinute);
}

TEST_F(GroupTest, TwoElementsWithTheSameLabelsAreRefusedAndLeaveNothing) {
  const auto group = Make("  - {alert: Same, expr: y > 0, labels: {n: one}}\n");
  for (const char* n : {"1", "2"}) Put({{"__name__", "y"}, {"n", n}}, 0, 1);
  group->Evaluate(context_, {0, 0});
  const auto rule = group->Snapshot(true).rules[0];
  EXPECT_EQ(rule.last_error, "vector contains metrics with the same labelset after applying alert labels");
  EXPECT_TRUE(rule.alerts.empty());
  EXPECT_EQ(Count("ALERTS", 0), 0U);
}

TEST_F(GroupTest, AnEvaluationOverItsIntervalIsCutAndCounted) {
  const auto group = Make("  - {record: r, expr: x}\n  - {alert: High, expr: x > 1}\n");
  Step(*group, 0, 2);
  EvaluationContext late = context_;
  late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  group->Evaluate(late, {kMinute, kMinute});
  const auto snapshot = group->Snapshot(true);
  EXPECT_EQ(snapshot.missed, 1U);
  EXPECT_EQ(snapshot.rules[1].health, "err");
  EXPECT_EQ(snapshot.rules[1].alerts.size(), 1U) << "what it knew it still knows";
}

TEST_F(GroupTest, UnchangedValuesKeepTheirAnnotationsAndQueriesAreAskedAnew) {
  const auto group = Make(
      "  - {alert: A, expr: x > 1, annotations: {s: '{{ $value }}'}}\n"
      "  - {alert: B, expr: x > 1, annotations: {s: '{{ query \"z\" | first | value }}'}}\n");
  Put({{"__name__", "z"}}, 0, 7);
  Step(*group, 0, 2);
  Put({{"__name__", "z"}}, 1000, 8);
  Step(*group, 1000, 2);
  auto rules = group->Snapshot(true).rules;
  EXPECT_EQ(rules[0].alerts[0].annotations.Get("s"), "2");
  EXPECT_EQ(rules[1].alerts[0].annotations.Get("s"), "8");
  Step(*group, 2000, 3);
  EXPECT_EQ(group->Snapshot(true).rules[0].alerts[0].annotations.Get("s"), "3");
}

// Groups on real threads: every due group runs, rules side by side give what one after the other would.
TEST_F(GroupTest, TheSchedulerRunsGroupsAndTheirRulesSideBySide) {
  promql::MemoryStore quiet;  // rules that write nothing: this store may not be written from two threads
  context_.storage = &quiet;
  context_.sink = nullptr;
  std::string rules;
  for (int i = 0; i < 40; ++i) rules += "  - {alert: A" + std::to_string(i) + ", expr: nothing > 1}\n";
  const std::shared_ptr<Group> group = Make(rules, "  interval: 20ms\n");
  Scheduler scheduler(context_, Clock::System());
  scheduler.SetGroups({group});
  scheduler.Start(3);
  while (group->Snapshot(false).evaluations < 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  scheduler.Stop();
  const auto snapshot = group->Snapshot(false);
  for (const RuleSnapshot& rule : snapshot.rules) EXPECT_EQ(rule.health, "ok") << rule.last_error;
  EXPECT_EQ(snapshot.failures, 0U);
  scheduler.Start(1);
  while (group->Snapshot(false).evaluations == snapshot.evaluations) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace
}  // namespace cachescope::rules
