// Bad pages, one by one and all at once: each fails alone and with a reason, a good target keeps its rhythm.
#include <gtest/gtest.h>

#include <fstream>

#include "server/collect/collect_test_support.h"
#include "server/collect/scrape_manager.h"

namespace cachescope::collect {
namespace {

using Connection = RawServer::Connection;

constexpr const char* kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n";

std::string Page(const std::string& body) {
  return kHead + ("Content-Length: " + std::to_string(body.size())) + "\r\n\r\n" + body;
}

struct HostileCase {
  const char* name;
  std::function<void(Connection&)> talk;
  const char* reason;  // part of the error shown; empty: the scrape succeeds
};

std::function<void(Connection&)> Answer(std::string text) {
  return [text = std::move(text)](Connection& c) {
    c.ReadRequest();
    c.Write(text);
  };
}

std::string ManyLabels(int count) {
  std::string out = "many{";
  for (int i = 0; i < count; ++i) out += "l" + std::to_string(i) + "=\"v\",";
  return out + "} 1\n";
}

std::vector<HostileCase> HostileCases() {
  return {
      {"hangs before the head", [](Connection& c) { c.HoldUntilClosed(); }, ""},
      {"hangs after the head",
       [](Connection& c) {
         c.ReadRequest();
         c.Write(std::string(kHead) + "Content-Length: 100\r\n\r\n");
         c.HoldUntilClosed();
       },
       ""},
      {"drips",
       [](Connection& c) {
         c.ReadRequest();
         c.Write(std::string(kHead) + "Content-Length: 100000\r\n\r\n");
         while (c.Write("#")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
       },
       ""},
      {"endless body",
       [](Connection& c) {
         c.ReadRequest();
         c.Write(std::string(kHead) + "\r\n");
         const std::string piece(64 << 10, '#');
         while (c.Write(piece)) {
         }
       },
       ""},
      {"endless head",
       [](Connection& c) {
         c.ReadRequest();
         c.Write(kHead);
         const std::string piece = "X-Long: " + std::string(8 << 10, 'x') + "\r\n";
         while (c.Write(piece)) {
         }
       },
       ""},
      {"closes at once", [](Connection& c) { c.ReadRequest(); }, ""},
      {"no HTTP", Answer("SSH-2.0-OpenSSH_9\r\n"), ""},
      {"cut body", Answer(std::string(kHead) + "Content-Length: 1000\r\n\r\ngood 1\n"), ""},
      {"status 500", Answer("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), "HTTP status 500"},
      {"html", Answer(Page("<html><body>Hello</body></html>")), "line 1: expected a metric name"},
      {"garbage", Answer(Page(std::string("\x00\x01\xff\xfe garbage", 12))), "line 1"},
      {"invalid UTF-8", Answer(Page("a{b=\"\xff\xfe\"} 1\n")), "invalid UTF-8"},
      {"unknown encoding", Answer("HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\nContent-Length: 4\r\n\r\na 1\n"), ""},
      {"no gzip", Answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\na 1\n"), ""},
      {"long line", Answer(Page("a{b=\"" + std::string(2 << 20, 'x') + "\"} 1\n")), "line longer than"},
      {"huge value", Answer(Page("a{b=\"" + std::string(100 << 10, 'x') + "\"} 1\n")), "label value length limit"},
      {"5000 labels", Answer(Page(ManyLabels(5000))), "label limit exceeded"},
      {"protobuf",
       Answer("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.google.protobuf\r\nContent-Length: 4\r\n\r\na 1\n"),
       "protobuf"},
      {"redirect loop",
       Answer("HTTP/1.1 302 Found\r\nLocation: /metrics\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), ""},
      {"redirect to a file", Answer("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
       ""},
      {"missing EOF",
       Answer("HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0\r\nContent-Length: "
              "4\r\n\r\na 1\n"),
       "does not end with # EOF"},
  };
}

ScrapeConfig Config(const std::string& job, const std::string& address, DurationMs interval, DurationMs timeout) {
  ScrapeConfig config;
  config.job_name = job;
  config.scrape_interval = interval;
  config.scrape_timeout = timeout;
  config.static_configs = {{{address}, {}}};
  config.samples.limits.body_bytes = 4 << 20;
  return config;
}

class HostileTargetTest : public ::testing::Test {
 protected:
  HostileTargetTest() : client_(http::Client::New()) {
    ScrapeManagerOptions options;
    options.scrape_at_once = true;
    manager_ = std::make_unique<ScrapeManager>(options, &store_, client_.get());
  }
  ~HostileTargetTest() override { manager_.reset(); }

  TargetSnapshot Snapshot(const std::string& job) const {
    for (const TargetSnapshot& target : manager_->ActiveTargets()) {
      if (target.spec.job == job) return target;
    }
    return {};
  }

  RecordingStore store_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<ScrapeManager> manager_;
};

TEST_F(HostileTargetTest, AllAtOnceFailAloneAndTheGoodOneKeepsItsRhythm) {
  const auto cases = HostileCases();
  std::vector<std::unique_ptr<RawServer>> servers;
  std::vector<ScrapeConfig> configs;
  for (const HostileCase& c : cases) {
    servers.push_back(std::make_unique<RawServer>(c.talk));
    configs.push_back(Config(c.name, servers.back()->address(), 1'000, 400));
  }
  const auto good = ServePage("good_total 1\n");
  configs.push_back(Config("good", good->address(), 100, 100));
  ASSERT_TRUE(manager_->Apply(configs).ok());
  for (const HostileCase& c : cases) {
    EXPECT_TRUE(WaitFor([&] { return Snapshot(c.name).health != TargetHealth::kUnknown; })) << c.name;
    const TargetSnapshot target = Snapshot(c.name);
    EXPECT_EQ(target.health, TargetHealth::kDown) << c.name;
    EXPECT_FALSE(target.last_error.empty()) << c.name;
    EXPECT_NE(target.last_error.find(c.reason), std::string::npos) << c.name << ": " << target.last_error;
    const std::string labels =
        "{instance=\"" + std::string(target.spec.labels.Get("instance")) + "\", job=\"" + c.name + "\"}";
    EXPECT_EQ(store_.Of("up" + labels).front().v, 0) << c.name;
  }
  const std::string series = "good_total{instance=\"" + good->address() + "\", job=\"good\"}";
  EXPECT_TRUE(WaitFor([&] { return store_.Of(series).size() >= 10; }));
  for (const Sample& sample : store_.Of(series)) EXPECT_EQ(sample.v, 1);
  manager_->Stop();  // while hanging scrapes run
}

TEST_F(HostileTargetTest, OddSamplesAreRefusedAloneAndTheRestKept) {
  const std::string ahead = std::to_string(Clock::System().NowMs() + 400LL * 86'400'000);
  const auto server = ServePage("ahead 1 " + ahead + "\nup 42\ntwice 1\ntwice 2\nkept 3\nnan NaN\n");
  ASSERT_TRUE(manager_->Apply({Config("odd", server->address(), 60'000, 10'000)}).ok());
  ASSERT_TRUE(WaitFor([&] { return Snapshot("odd").health == TargetHealth::kUp; })) << Snapshot("odd").last_error;
  const std::string labels = "{instance=\"" + server->address() + "\", job=\"odd\"}";
  EXPECT_TRUE(store_.Of("ahead" + labels).empty());
  EXPECT_EQ(store_.Of("up" + labels).at(0).v, 1);
  EXPECT_EQ(store_.Of("twice" + labels).at(0).v, 1);
  EXPECT_EQ(store_.Of("kept" + labels).at(0).v, 3);
  EXPECT_EQ(manager_->counters().out_of_bounds, 1U);
  EXPECT_EQ(manager_->counters().duplicates, 1U);
  EXPECT_EQ(manager_->counters().report_conflicts, 1U);
}

TEST_F(HostileTargetTest, RequestCarriesWhatPrometheusSends) {
  std::mutex mutex;
  std::string request;
  RawServer server([&](Connection& c) {
    const std::string text = c.ReadRequest();
    {
      const std::lock_guard lock(mutex);
      request = text;
    }
    c.Write(Page("a 1\n"));
  });
  ScrapeConfig config = Config("auth", server.address(), 60'000, 10'000);
  config.http.auth.username.text = "user";
  config.http.auth.password.text = "pass";
  config.params = {{"module", {"a b"}}};
  ASSERT_TRUE(manager_->Apply({config}).ok());
  ASSERT_TRUE(WaitFor([&] { return Snapshot("auth").health == TargetHealth::kUp; })) << Snapshot("auth").last_error;
  const std::lock_guard lock(mutex);
  EXPECT_EQ(request.substr(0, request.find('\r')), "GET /metrics?module=a%20b HTTP/1.1");
  EXPECT_NE(request.find("Authorization: Basic dXNlcjpwYXNz"), std::string::npos);
  EXPECT_NE(request.find("X-Prometheus-Scrape-Timeout-Seconds: 10\r\n"), std::string::npos);
  EXPECT_NE(request.find("application/openmetrics-text;version=1.0.0"), std::string::npos);
}

TEST_F(HostileTargetTest, AMissingSecretIsAReason) {
  ScrapeConfig config = Config("secret", "127.0.0.1:1", 60'000, 10'000);
  config.http.auth.type = "Bearer";
  config.http.auth.credentials.file = "/nonexistent/token";
  ASSERT_TRUE(manager_->Apply({config}).ok());
  ASSERT_TRUE(WaitFor([&] { return Snapshot("secret").health == TargetHealth::kDown; }));
  EXPECT_NE(Snapshot("secret").last_error.find("cannot read secret /nonexistent/token"), std::string::npos);
}

}  // namespace
}  // namespace cachescope::collect
