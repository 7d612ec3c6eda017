#include "server/notify/notifier.h"

#include "server/notify/notify_fixture.h"
#include "server/notify/receivers/webhook/webhook_receiver.h"

namespace cachescope::notify {
namespace {

using testing::Test;
using Lines = std::vector<std::string>;

std::string Route(const std::string& route, const std::vector<std::string>& names = {"a"}) {
  return "route: " + route + "\n" + Receivers(names);
}

class NotifierTest : public NotifyFixture {};

TEST_F(NotifierTest, GroupsWaitsTellsOnceAndTellsResolution) {
  Apply(Route("{receiver: a, group_by: [alertname], group_wait: 10s, group_interval: 60s}"));
  const Alert one = Firing({{"alertname", "Low"}, {"instance", "1"}, {"team", "t"}, {"n", "1"}});
  const Alert two = Firing({{"alertname", "Low"}, {"instance", "2"}, {"team", "t"}, {"n", "2"}});
  notifier_->Put({two, one});
  At(1'000'000);
  At(1'009'999);
  EXPECT_TRUE(told_.empty());
  At(1'010'000);
  ASSERT_EQ(told_.size(), 1U);
  const auto body = told_[0].body;
  EXPECT_EQ(body["groupLabels"], (nlohmann::json{{"alertname", "Low"}}));
  EXPECT_EQ(body["commonLabels"], (nlohmann::json{{"alertname", "Low"}, {"team", "t"}}));
  EXPECT_EQ(body["groupKey"], "{}:{alertname=\"Low\"}");
  EXPECT_EQ(Take(), (Lines{"1010 a: firing:1 firing:2"}));
  notifier_->Put({one, two});
  At(1'070'000);
  EXPECT_TRUE(told_.empty()) << "nothing new: nothing sent";
  clock_.SetMs(1'080'000);
  notifier_->Put({Resolved(one), two});
  At(1'130'000);
  EXPECT_EQ(Take(), (Lines{"1130 a: resolved:1 firing:2"}));
  Put(Resolved(two));
  Until(1'300'000);
  EXPECT_EQ(Take(), (Lines{"1190 a: resolved:2"}));
}

TEST_F(NotifierTest, RepeatsAfterTheRepeatInterval) {
  Apply(Route("{receiver: a, group_wait: 0s, group_interval: 1m, repeat_interval: 3m}"));
  Put(Firing({{"alertname", "x"}}));
  Until(1'400'000, 10'000);
  EXPECT_EQ(Take(), (Lines{"1010 a: firing:x", "1190 a: firing:x", "1370 a: firing:x"}));
}

TEST_F(NotifierTest, FailedSendIsTriedAgainUntilItArrivesAndResolutionIsNotLost) {
  Apply(Route("{receiver: a, group_wait: 0s, group_interval: 1m}"));
  const Alert alert = Firing({{"alertname", "x"}});
  Put(alert);
  At(1'000'000);
  ASSERT_EQ(Take().size(), 1U);
  answers_.emplace("a", Unavailable("down"));
  clock_.SetMs(1'050'000);
  Put(Resolved(alert));
  Until(1'130'000, 500);
  EXPECT_TRUE(told_.empty());
  EXPECT_GT(attempts_.size(), 5U);
  EXPECT_LT(attempts_.size(), 30U) << "the pause grows";
  answers_.clear();
  Until(1'200'000, 500);
  ASSERT_EQ(told_.size(), 1U) << "at most a minute after it is back";
  EXPECT_EQ(told_[0].status(), "resolved");
  const auto stats = notifier_->Stats();
  ASSERT_EQ(stats.size(), 1U);
  EXPECT_EQ(stats[0].sent, 2U);
  EXPECT_EQ(stats[0].failed, 0U);
  EXPECT_EQ(stats[0].reasons[static_cast<int>(FailureReason::kConnection)], stats[0].retried);
}

TEST_F(NotifierTest, AttemptsOfOneNotificationHaveOneIdAndTheNextAnother) {
  Apply(Route("{receiver: a, group_wait: 0s, group_interval: 1m, repeat_interval: 1m}"));
  answers_.emplace("a", http::Response{503, {}, ""});
  Put(Firing({{"alertname", "x"}}));
  Until(1'003'000, 100);
  ASSERT_GE(attempts_.size(), 3U);
  for (const Message& attempt : attempts_) EXPECT_EQ(attempt.id, attempts_[0].id);
  answers_.clear();
  Until(1'200'000, 1000);
  ASSERT_GE(told_.size(), 2U);
  EXPECT_EQ(told_[0].id, attempts_[0].id);
  EXPECT_NE(told_[1].id, told_[0].id);
}

TEST_F(NotifierTest, RetryAfterIsHonoured) {
  Apply(Route("{receiver: a, group_wait: 0s, group_interval: 10m}"));
  answers_.emplace("a", http::Response{429, {{"Retry-After", "120"}}, ""});
  Put(Firing({{"alertname", "x"}}));
  At(1'000'000);
  answers_.clear();
  Until(1'119'000, 1000);
  EXPECT_TRUE(told_.empty());
  Until(1'121'000, 1000);
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(NotifierTest, RefusedIsGivenUpUntilTheNextTurn) {
  Apply(Route("{receiver: a, group_wait: 0s, group_interval: 1m}"));
  answers_.emplace("a", http::Response{400, {}, ""});
  Put(Firing({{"alertname", "x"}}));
  Until(1'059'000, 1000);
  EXPECT_EQ(attempts_.size(), 1U);
  Until(1'062'000, 1000);
  EXPECT_EQ(attempts_.size(), 2U);
  EXPECT_EQ(notifier_->Stats()[0].failed, 2U);
}

TEST_F(NotifierTest, RoutesByMatchersAndContinues) {
  Apply(
      Route("{receiver: a, group_wait: 0s, routes: [{receiver: b, matchers: ['severity=\"page\"', "
            "'team=~\"x|y\"'], continue: true}, {receiver: a, matchers: [severity=page]}]}",
            {"a", "b"}));
  notifier_->Put({Firing({{"alertname", "p"}, {"severity", "page"}, {"team", "x"}}),
                  Firing({{"alertname", "q"}, {"severity", "info"}})});
  At(1'000'001);
  Lines lines = Take();
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (Lines{"1000 a: firing:p", "1000 a: firing:q", "1000 b: firing:p"}));
}

TEST_F(NotifierTest, AlertsThatAreNoLongerSentCountAsResolved) {
  Apply(Route("{receiver: a, group_wait: 0s, group_interval: 1m}"));
  Alert alert = Firing({{"alertname", "x"}});
  alert.valid_until = 1'030'000;
  Put(alert);
  At(1'000'000);
  At(1'060'000);
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_EQ(told_[1].body["alerts"][0]["endsAt"], "1970-01-01T00:17:10Z");
}

TEST_F(NotifierTest, AReceiverWithoutChannelsSwallowsQuietly) {
  Apply("route: {receiver: a, group_wait: 0s}\nreceivers: [{name: a}]");
  Put(Firing({{"alertname", "x"}}));
  Until(1'010'000);
  EXPECT_TRUE(told_.empty());
}

TEST_F(NotifierTest, WhatCannotBeSentFailsAloudEveryTime) {
  Apply(
      "route: {receiver: a, group_wait: 0s, group_interval: 1m}\n"
      "receivers: [{name: a, webhook_configs: [{url: 'http://a/', http_config: {oauth2: {client_id: i, client_secret: "
      "s, "
      "token_url: 'http://t/'}}}]}]");
  ASSERT_EQ(NotifierConfigWarnings(*config_).size(), 1U);
  EXPECT_EQ(NotifierConfigWarnings(*config_)[0].find("a.yml:2:41: \"oauth2\" of http_config is not supported"), 0U)
      << NotifierConfigWarnings(*config_)[0];
  Put(Firing({{"alertname", "x"}}));
  Until(1'062'000);
  EXPECT_TRUE(attempts_.empty()) << "nothing goes another way than told";
  ASSERT_EQ(notifier_->Stats().size(), 1U);
  EXPECT_EQ(notifier_->Stats()[0].failed, 2U);
  EXPECT_EQ(notifier_->Stats()[0].reasons[static_cast<int>(FailureReason::kUnsupported)], 2U);
}

TEST_F(NotifierTest, AReloadKeepsTheRhythmAndTellsNothingTwice) {
  const std::string yaml = Route("{receiver: a, group_wait: 10s, group_interval: 1m, repeat_interval: 1h}");
  Apply(yaml);
  Put(Firing({{"alertname", "x"}}));
  Until(1'020'000);
  ASSERT_EQ(Take().size(), 1U);
  for (int i = 0; i < 10; ++i) {
    Apply(yaml);
    Until(clock_.NowMs() + 30'000, 5000);
  }
  EXPECT_TRUE(Take().empty());
}

// Real threads: many groups, one receiver that is slow. What counts is order and number, not time.
TEST(NotifierThreadsTest, EightAtOnceAndAllOfThemArrive) {
  std::mutex mu;
  std::condition_variable arrived;
  int now = 0;
  int most = 0;
  std::set<std::string> groups;
  NotifierOptions options;
  options.fetch = [&](http::ClientRequest request) -> Result<http::Response> {
    {
      const std::lock_guard lock(mu);
      most = std::max(most, ++now);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const std::lock_guard lock(mu);
    --now;
    groups.insert(nlohmann::json::parse(request.body).at("groupKey"));
    arrived.notify_all();
    return http::Response{};
  };
  const auto notifier = Notifier::New(std::move(options));
  notifier->Apply(ConfigOf("route: {receiver: a, group_by: [n], group_wait: 0s}\n" + Receivers({"a"})), "");
  notifier->Start();
  std::vector<Alert> alerts;
  for (int i = 0; i < 200; ++i) {
    Alert alert;
    alert.labels = {{"alertname", "x"}, {"n", std::to_string(i)}};
    alert.active_at = alert.fired_at = Clock::System().NowMs();
    alerts.push_back(alert);
  }
  notifier->Put(alerts);
  {
    std::unique_lock lock(mu);
    ASSERT_TRUE(arrived.wait_for(lock, std::chrono::seconds(60), [&] { return groups.size() == 200; }));
    EXPECT_LE(most, 8);
  }
  notifier->Stop(std::chrono::seconds(5));
  EXPECT_EQ(notifier->Counters().queued, 0U);
}

TEST(WebhookTest, BodyHasTheShapeOfVersionFour) {
  Notification n;
  n.receiver = "team.x";
  n.group_key = "{}:{alertname=\"x\"}";
  n.firing = true;
  Alert alert;
  alert.labels = {{"alertname", "x"}};
  alert.fired_at = 1'000;
  n.alerts = {alert};
  EXPECT_EQ(WebhookBody(n),
            "{\"receiver\":\"team\\\\.x\",\"status\":\"firing\",\"alerts\":[{\"status\":\"firing\",\"labels\":"
            "{\"alertname\":\"x\"},\"annotations\":{},\"startsAt\":\"1970-01-01T00:00:01Z\",\"endsAt\":"
            "\"0001-01-01T00:00:00Z\",\"generatorURL\":\"\",\"fingerprint\":\"d240efc3896bf266\"}],\"groupLabels\":{},"
            "\"commonLabels\":{},\"commonAnnotations\":{},\"externalURL\":\"\",\"version\":\"4\",\"groupKey\":"
            "\"{}:{alertname=\\\"x\\\"}\",\"truncatedAlerts\":0}");
}

}  // namespace
}  // namespace cachescope::notify
