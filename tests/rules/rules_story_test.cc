// Stories about rules on a simulated clock: recording, pending, firing, keeping, resolving, reloading; with the real
// engine and store.
#include <gtest/gtest.h>

#include "server/rules/rule_manager.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::rules {
namespace {

class Sink final : public AlertSink {
 public:
  void Send(const std::vector<Alert>& alerts) override { sent.insert(sent.end(), alerts.begin(), alerts.end()); }
  std::vector<Alert> sent;
};

class RulesStory : public testing::Test {
 protected:
  RulesStory() : clock_(0), head_(Options()), manager_(RuleManager::New(engine_, head_, &sink_, clock_)) {}

  tsdb::HeadOptions Options() {
    tsdb::HeadOptions options;
    options.max_future = 0;
    options.clock = &clock_;
    return options;
  }
  void Load(const std::string& rules) {
    RuleManagerOptions options;
    options.external_labels = {{"region", "eu"}};
    options.external_url = "http://page";
    const Status status = manager_->Apply({{"rules.yml", rules}}, options);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void Put(const Labels& labels, TimestampMs t, double v) {
    const auto appender = head_.NewAppender();
    ASSERT_TRUE(appender->Append(0, labels, t, v).ok());
    ASSERT_TRUE(appender->Commit().ok());
  }
  // Sets `x` and evaluates as of `t`.
  void Step(TimestampMs t, double x) {
    clock_.SetMs(t);
    Put({{"__name__", "x"}, {"instance", "a"}}, t, x);
    manager_->EvaluateAll(t);
  }
  std::size_t Count(const std::string& expr, TimestampMs t) { return engine_.Instant(head_, expr, t)->series.size(); }
  AlertState State() { return manager_->Groups()[0].rules.back().state; }

  SimulatedClock clock_;
  Sink sink_;
  promql::Engine engine_;
  tsdb::Head head_;
  std::unique_ptr<RuleManager> manager_;
};

constexpr const char* kLow = R"(
groups:
- name: g
  interval: 10s
  rules:
  - {record: "x:double", expr: "x * 2", labels: {kind: rule}}
  - alert: Low
    expr: x < 1
    for: 20s
    labels: {severity: page, who: '{{ $labels.instance }}'}
    annotations: {summary: 'x is {{ $value }} ({{ with query "x * 10" }}{{ . | first | value }}{{ end }})'}
)";

TEST_F(RulesStory, PendingThenFiringThenResolved) {
  Load(kLow);
  Step(0, 5);
  EXPECT_EQ(State(), AlertState::kInactive);
  EXPECT_EQ(Count("x:double{kind=\"rule\", instance=\"a\"} == 10", 0), 1U);
  Step(10'000, 0.5);
  EXPECT_EQ(State(), AlertState::kPending);
  EXPECT_EQ(Count("ALERTS{alertstate=\"pending\", alertname=\"Low\", who=\"a\"}", 10'000), 1U);
  EXPECT_TRUE(sink_.sent.empty());
  Step(20'000, 0.5);
  Step(30'000, 0.25);
  EXPECT_EQ(State(), AlertState::kFiring);
  ASSERT_EQ(sink_.sent.size(), 1U);
  const Alert& told = sink_.sent[0];
  EXPECT_EQ(told.labels,
            Labels({{"alertname", "Low"}, {"instance", "a"}, {"severity", "page"}, {"who", "a"}, {"region", "eu"}}));
  EXPECT_EQ(told.annotations.Get("summary"), "x is 0.25 (2.5)");
  EXPECT_EQ(told.active_at, 10'000);
  EXPECT_EQ(told.fired_at, 30'000);
  EXPECT_EQ(told.valid_until, 30'000 + 4 * 60'000);
  EXPECT_EQ(told.generator_url, "http://page/graph?g0.expr=x%20%3C%201&g0.tab=1");
  EXPECT_EQ(Count("ALERTS{alertstate=\"pending\"}", 30'000), 0U) << "the pending series has ended";
  EXPECT_EQ(Count("ALERTS_FOR_STATE == 10", 30'000), 1U);
  Step(40'000, 0.25);
  EXPECT_EQ(sink_.sent.size(), 1U) << "not again before the resend delay";
  Step(90'000, 0.25);
  EXPECT_EQ(sink_.sent.size(), 2U);
  Step(100'000, 3);
  EXPECT_EQ(State(), AlertState::kInactive);
  ASSERT_EQ(sink_.sent.size(), 3U);
  EXPECT_EQ(sink_.sent[2].resolved_at, 100'000);
  EXPECT_EQ(Count("ALERTS", 100'000), 0U);
}

TEST_F(RulesStory, PendingThatGoesAwayIsForgotten) {
  Load(kLow);
  Step(0, 0.5);
  Step(10'000, 5);
  Step(20'000, 0.5);
  Step(30'000, 0.5);
  EXPECT_EQ(State(), AlertState::kPending) << "the clock of `for` began anew at 20 s";
  EXPECT_TRUE(sink_.sent.empty());
}

TEST_F(RulesStory, KeepFiringForBridgesAGap) {
  Load("groups: [{name: g, rules: [{alert: Low, expr: 'x < 1', keep_firing_for: 30s}]}]");
  Step(0, 0.5);
  EXPECT_EQ(State(), AlertState::kFiring);
  Step(10'000, 5);
  Step(30'000, 5);
  EXPECT_EQ(State(), AlertState::kFiring);
  Step(40'000, 5);
  EXPECT_EQ(State(), AlertState::kInactive);
}

TEST_F(RulesStory, ReloadKeepsStateOfUnchangedGroupsAndEndsSeriesOfOthers) {
  Load(kLow);
  Step(0, 0.5);
  EXPECT_EQ(State(), AlertState::kPending);
  Load(kLow);
  Step(20'000, 0.5);
  EXPECT_EQ(State(), AlertState::kFiring) << "pending since 0 although reloaded";
  EXPECT_EQ(Count("x:double", 20'000), 1U);
  clock_.SetMs(25'000);
  Load("groups: []");
  EXPECT_EQ(Count("x:double", 26'000), 0U);
  EXPECT_TRUE(manager_->Groups().empty());
}

TEST_F(RulesStory, ABadFileChangesNothing) {
  Load(kLow);
  const Status status = manager_->Apply({{"rules.yml", "groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]"}}, {});
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(manager_->Groups()[0].rules.size(), 2U);
}

TEST_F(RulesStory, FailuresAreSaidAndHurtNoOtherRule) {
  Load(R"(
groups:
- name: g
  limit: 1
  rules:
  - {record: same, expr: 'label_replace(y, "k", "v", "n", ".*")'}
  - {record: many, expr: y}
  - {record: fine, expr: 'sum(y)'}
  - {alert: Broken, expr: 'sum(y) > 0', annotations: {a: '{{ humanize "x" }}'}}
)");
  Put({{"__name__", "y"}, {"n", "1"}}, 0, 1);
  Put({{"__name__", "y"}, {"n", "2"}}, 0, 1);
  manager_->EvaluateAll(0);
  const auto group = manager_->Groups()[0];
  EXPECT_EQ(group.rules[1].health, "err");
  EXPECT_EQ(group.rules[1].last_error, "exceeded limit of 1 with 2 series");
  EXPECT_EQ(group.rules[2].health, "ok");
  EXPECT_EQ(Count("fine == 2", 0), 1U);
  ASSERT_EQ(group.rules[3].alerts.size(), 1U) << "a bad template does not lose the alert";
  EXPECT_NE(std::string(group.rules[3].alerts[0].annotations.Get("a")).find("error expanding template"),
            std::string::npos);
}

}  // namespace
}  // namespace cachescope::rules
