#include "server/notify/forward/forwarder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <nlohmann/json.hpp>

#include "server/http/server.h"

namespace cachescope::notify {
namespace {

using testing::HasSubstr;

Result<ForwardConfig> Parse(const std::string& yaml) {
  const auto node = ConfigNode::ParseYaml(yaml, "p.yml");
  EXPECT_TRUE(node.ok());
  return ParseForwardConfig(*node);
}

Alert Firing(const std::string& name) {
  Alert out;
  out.labels = Labels{{"alertname", name}};
  out.annotations = Labels{{"summary", "s\xff"}};
  out.fired_at = 1'000;
  out.valid_until = 241'000;
  out.generator_url = "http://g/";
  return out;
}

// An Alertmanager that remembers what it was sent and answers as told.
class ForwarderTest : public testing::Test {
 protected:
  void SetUp() override {
    http::ServerOptions options;
    options.listen_address = "127.0.0.1:0";
    server_ = http::Server::New(options);
    server_->Handle("POST", "/am/api/v2/alerts", [this](const http::Request& request, http::ResponseWriter& writer) {
      const std::lock_guard lock(mu_);
      for (const auto& alert : nlohmann::json::parse(request.body)) seen_.push_back(alert.dump());
      ++requests_;
      writer.SetStatus(status_);
      changed_.notify_all();
    });
    ASSERT_TRUE(server_->Start().ok());
    const auto config =
        Parse("alertmanagers: [{path_prefix: /am, static_configs: [{targets: ['" + server_->address() + "']}]}]");
    ASSERT_TRUE(config.ok()) << config.status().ToString();
    forwarder_.Apply(config->targets);
  }
  bool WaitFor(std::size_t alerts) {
    std::unique_lock lock(mu_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return seen_.size() >= alerts; });
  }
  // The statistics are written once the answer has come back.
  ForwardStats StatsWhen(const std::function<bool(const ForwardStats&)>& reached) {
    for (int i = 0; i < 2000; ++i) {
      const ForwardStats stats = forwarder_.Stats().at(0);
      if (reached(stats)) return stats;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "waited in vain";
    return {};
  }

  std::mutex mu_;
  std::condition_variable changed_;
  std::vector<std::string> seen_;  // guarded by mu_, like the two below
  int requests_ = 0;
  int status_ = 200;
  std::unique_ptr<http::Server> server_;
  Forwarder forwarder_;
};

TEST_F(ForwarderTest, SendsInBatchesInTheFormOfTheApi) {
  std::vector<Alert> alerts;
  for (int i = 0; i < 600; ++i) alerts.push_back(Firing("A" + std::to_string(i)));
  alerts.back().resolved_at = 5'000;
  forwarder_.Put(alerts);
  ASSERT_TRUE(WaitFor(600));
  EXPECT_EQ(StatsWhen([](const ForwardStats& stats) { return stats.sent == 600; }).failed, 0U);
  const std::lock_guard lock(mu_);
  EXPECT_GE(requests_, 3);
  const auto first = nlohmann::json::parse(seen_.front());
  EXPECT_EQ(first["labels"]["alertname"], "A0");
  EXPECT_EQ(first["startsAt"], "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(first["endsAt"], "1970-01-01T00:04:01.000Z");
  EXPECT_EQ(first["annotations"]["summary"], "s\xef\xbf\xbd");
  EXPECT_EQ(nlohmann::json::parse(seen_.back())["endsAt"], "1970-01-01T00:00:05.000Z");
}

TEST_F(ForwarderTest, ARefusalIsCountedAndWhatComesNextIsTried) {
  {
    const std::lock_guard lock(mu_);
    status_ = 500;
  }
  forwarder_.Put({Firing("A")});
  const ForwardStats stats = StatsWhen([](const ForwardStats& s) { return s.failed == 1; });
  EXPECT_THAT(stats.last_error, HasSubstr("500"));
  {
    const std::lock_guard lock(mu_);
    status_ = 200;
  }
  forwarder_.Put({Firing("B")});
  EXPECT_EQ(StatsWhen([](const ForwardStats& s) { return s.sent == 1; }).last_error, "");
}

TEST_F(ForwarderTest, AFullQueueDropsTheOldestAndAReloadKeepsCounters) {
  ForwardTarget dead;
  dead.url = "http://127.0.0.1:1/api/v2/alerts";
  ForwardTarget alive;
  alive.url = "http://" + server_->address() + "/am/api/v2/alerts";
  forwarder_.Put({Firing("A")});
  StatsWhen([](const ForwardStats& s) { return s.sent == 1; });
  forwarder_.Apply({alive, dead});
  EXPECT_EQ(forwarder_.Stats().size(), 2U);
  EXPECT_EQ(forwarder_.Stats()[0].sent, 1U);
  std::vector<Alert> many(Forwarder::kMaxWaiting + Forwarder::kBatch + 50, Firing("X"));
  forwarder_.Put(many);
  EXPECT_GE(forwarder_.Stats()[1].dropped, 50U);
  forwarder_.Apply({});
  EXPECT_TRUE(forwarder_.Stats().empty());
}

TEST(ForwardConfig, ReadsAddressesRelabelsThemAndNamesWhatIsWrong) {
  const auto config = Parse(R"(
alert_relabel_configs: [{regex: replica, action: labeldrop}]
alertmanagers:
- scheme: https
  path_prefix: /am
  timeout: 3s
  basic_auth: {username: u, password: p}
  static_configs: [{targets: [a:9093, b:9093], labels: {zone: x}}]
  relabel_configs: [{source_labels: [__address__], regex: 'b.*', action: drop}]
- static_configs: [{targets: ['c:9093', 'c:9093']}]
)");
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->alert_relabel.size(), 1U);
  ASSERT_EQ(config->targets.size(), 2U);
  EXPECT_EQ(config->targets[0].url, "https://a:9093/am/api/v2/alerts");
  EXPECT_EQ(config->targets[0].timeout, 3'000);
  EXPECT_EQ(config->targets[1].url, "http://c:9093/api/v2/alerts");
  for (const char* bad :
       {"alertmanagers: [{api_version: v1}]", "alertmanagers: [{scheme: ftp}]", "alertmanagers: [{dns_sd_configs: []}]",
        "alertmanagers: [{static_configs: [{targets: [a/b]}]}]", "nonsense: 1"}) {
    const auto refused = Parse(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_THAT(std::string(refused.status().message()), testing::StartsWith("p.yml:1:")) << bad;
  }
}

}  // namespace
}  // namespace cachescope::notify
