#include "server/notify/notifier.h"

#include <gtest/gtest.h>

#include "server/notify/config.h"
#include "server/notify/receivers/webhook/webhook_receiver.h"

namespace cachescope::notify {
namespace {

// Remembers what it was told; fails while `status` is not ok.
struct Told {
  std::vector<Notification> all;
  Status status;
};
class Capture final : public Integration {
 public:
  explicit Capture(Told* told) : told_(told) {}
  std::string_view name() const override { return "capture"; }
  Status Notify(const Notification& notification, std::chrono::milliseconds) override {
    if (told_->status.ok()) told_->all.push_back(notification);
    return told_->status;
  }

 private:
  Told* told_;
};

std::shared_ptr<const NotifierConfig> Config(const std::string& route, Told* told, Told* second = nullptr) {
  auto config = std::make_shared<NotifierConfig>();
  const auto node = ConfigNode::ParseYaml(route, "route.yml");
  auto root = ParseRoute(*node, nullptr);
  EXPECT_TRUE(root.ok()) << root.status().ToString();
  config->root = std::move(*root);
  for (const auto& [name, sink] : {std::pair{"a", told}, std::pair{"b", second}}) {
    Receiver receiver;
    receiver.name = name;
    if (sink != nullptr) receiver.integrations.push_back({std::make_unique<Capture>(sink), true});
    config->receivers.push_back(std::move(receiver));
  }
  return config;
}

Alert Firing(const Labels& labels, TimestampMs t) {
  Alert alert;
  alert.labels = labels;
  alert.state = AlertState::kFiring;
  alert.active_at = alert.fired_at = t;
  return alert;
}
Alert Resolved(Alert alert, TimestampMs t) {
  alert.state = AlertState::kResolved;
  alert.resolved_at = t;
  return alert;
}

class NotifierTest : public testing::Test {
 protected:
  void At(TimestampMs t) {
    clock_.SetMs(t);
    notifier_->RunDue();
  }
  SimulatedClock clock_{0};
  std::unique_ptr<Notifier> notifier_ = Notifier::New(clock_);
  Told told_;
};

TEST_F(NotifierTest, GroupsWaitsTellsOnceAndTellsResolution) {
  notifier_->Apply(Config("{receiver: a, group_by: [alertname], group_wait: 10s, group_interval: 60s}", &told_),
                   "http://x");
  const Alert one = Firing({{"alertname", "Low"}, {"instance", "1"}, {"team", "t"}}, 0);
  const Alert two = Firing({{"alertname", "Low"}, {"instance", "2"}, {"team", "t"}}, 0);
  notifier_->Put({one, two});
  At(0);
  At(9'999);
  EXPECT_TRUE(told_.all.empty());
  At(10'000);
  ASSERT_EQ(told_.all.size(), 1U);
  EXPECT_EQ(told_.all[0].alerts.size(), 2U);
  EXPECT_EQ(told_.all[0].group_labels, Labels({{"alertname", "Low"}}));
  EXPECT_EQ(told_.all[0].common_labels, Labels({{"alertname", "Low"}, {"team", "t"}}));
  notifier_->Put({one, two});
  At(70'000);
  EXPECT_EQ(told_.all.size(), 1U) << "nothing new: nothing sent";
  notifier_->Put({Resolved(one, 80'000), two});
  At(130'000);
  ASSERT_EQ(told_.all.size(), 2U);
  EXPECT_TRUE(told_.all[1].firing);
  notifier_->Put({Resolved(two, 140'000)});
  At(190'000);
  ASSERT_EQ(told_.all.size(), 3U);
  EXPECT_FALSE(told_.all[2].firing);
  EXPECT_EQ(told_.all[2].alerts.size(), 1U);
  At(250'000);
  At(310'000);
  EXPECT_EQ(told_.all.size(), 3U);
}

TEST_F(NotifierTest, RepeatsAfterTheRepeatInterval) {
  notifier_->Apply(Config("{receiver: a, group_wait: 0s, group_interval: 1m, repeat_interval: 3m}", &told_), "");
  notifier_->Put({Firing({{"alertname", "x"}}, 0)});
  for (TimestampMs t = 0; t <= 400'000; t += 10'000) At(t);
  EXPECT_EQ(told_.all.size(), 3U) << "at 0, 180 and 360 s";
}

TEST_F(NotifierTest, FailedSendIsTriedAgainAndResolutionIsNotLost) {
  notifier_->Apply(Config("{receiver: a, group_wait: 0s, group_interval: 1m}", &told_), "");
  const Alert alert = Firing({{"alertname", "x"}}, 0);
  notifier_->Put({alert});
  At(0);
  ASSERT_EQ(told_.all.size(), 1U);
  told_.status = Unavailable("down");
  notifier_->Put({Resolved(alert, 50'000)});
  At(60'000);
  EXPECT_EQ(told_.all.size(), 1U);
  told_.status = Status();
  At(120'000);
  ASSERT_EQ(told_.all.size(), 2U);
  EXPECT_FALSE(told_.all[1].firing);
  const auto stats = notifier_->Stats();
  ASSERT_EQ(stats.size(), 1U);
  EXPECT_EQ(stats[0].sent, 2U);
  EXPECT_EQ(stats[0].failed, 1U);
}

TEST_F(NotifierTest, RoutesByMatchersAndContinues) {
  Told second;
  notifier_->Apply(Config("{receiver: a, group_wait: 0s, routes: [{receiver: b, matchers: ['severity=\"page\"', "
                          "team=~\"x|y\"], continue: true},"
                          " {receiver: a, matchers: [severity=page]}]}",
                          &told_, &second),
                   "");
  notifier_->Put({Firing({{"alertname", "p"}, {"severity", "page"}, {"team", "x"}}, 0),
                  Firing({{"alertname", "q"}, {"severity", "info"}}, 0)});
  At(1);
  EXPECT_EQ(second.all.size(), 1U);
  EXPECT_EQ(told_.all.size(), 2U);
}

TEST_F(NotifierTest, AlertsThatAreNoLongerSentCountAsResolved) {
  notifier_->Apply(Config("{receiver: a, group_wait: 0s, group_interval: 1m}", &told_), "");
  Alert alert = Firing({{"alertname", "x"}}, 0);
  alert.valid_until = 30'000;
  notifier_->Put({alert});
  At(0);
  At(60'000);
  ASSERT_EQ(told_.all.size(), 2U);
  EXPECT_EQ(told_.all[1].alerts[0].resolved_at, 30'000);
}

TEST(NotifierConfigTest, ErrorsNameThePlace) {
  const auto f = [](const std::string& yaml, const std::string& want) {
    const auto node = ConfigNode::ParseYaml(yaml, "a.yml");
    ASSERT_TRUE(node.ok());
    const auto config = ParseNotifierConfig(*node);
    ASSERT_FALSE(config.ok()) << yaml;
    EXPECT_EQ(config.status().message(), want);
  };
  f("receivers: [{name: a}]", "a.yml:1:1: no route provided");
  f("route: {receiver: b}\nreceivers: [{name: a}]", "a.yml:1:8: undefined receiver \"b\" used in route");
  f("route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{}]}]",
    "a.yml:2:38: \"slack_configs\" is not supported: this version tells through webhook_configs and log_configs");
  f("route: {receiver: a, matchers: [x]}\nreceivers: [{name: a}]",
    "a.yml:1:32: bad matcher 'x': expected NAME=\"VALUE\"");
  f("route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'ftp://x'}]}]",
    "a.yml:2:41: url must begin with http:// or https://");
}

TEST(WebhookTest, BodyHasTheShapeOfVersionFour) {
  Notification n;
  n.receiver = "team";
  n.group_key = "{}:{alertname=\"x\"}";
  n.firing = true;
  n.alerts = {Firing({{"alertname", "x"}}, 1'000)};
  const std::string body = WebhookBody(n);
  EXPECT_NE(body.find("\"version\":\"4\""), std::string::npos) << body;
  EXPECT_NE(body.find("\"status\":\"firing\""), std::string::npos);
  EXPECT_NE(body.find("\"startsAt\":\"1970-01-01T00:00:01Z\""), std::string::npos);
  EXPECT_NE(body.find("\"endsAt\":\"0001-01-01T00:00:00Z\""), std::string::npos);
}

}  // namespace
}  // namespace cachescope::notify
