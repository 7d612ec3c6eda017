// A server with the whole API over an empty store, for tests of this module.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "server/api/api.h"
#include "server/http/client.h"
#include "server/notify/notifier.h"

namespace cachescope::api {

struct FixtureOptions {
  TimestampMs now = 1'767'226'200'000;  // of the clock
  promql::EngineOptions engine;
  tsdb::HeadOptions head;
  bool admin = false;
  std::string cors_origin = ".*";
  Labels external_labels;
  std::size_t exemplars = 1000;
  StartTimes start_times = StartTimes::kIgnore;
};

class ApiFixture {
 public:
  explicit ApiFixture(FixtureOptions options = {});
  ~ApiFixture();

  tsdb::Head& head() { return *head_; }
  storage::ExemplarStore& exemplars() { return *exemplars_; }
  WriteReceiver& receiver() { return *receiver_; }
  SimulatedClock& clock() { return clock_; }
  // Stores one float; the test fails when the store refuses.
  void Add(const Labels& labels, TimestampMs t, double v);

  http::Response Send(const std::string& method, const std::string& target, http::Headers headers = {},
                      std::string body = {});
  // Answer of GET `target`, parsed; the test fails unless its status is `status`.
  nlohmann::json Get(const std::string& target, int status = 200);

 private:
  SimulatedClock clock_;
  std::unique_ptr<tsdb::Head> head_;
  std::unique_ptr<storage::ExemplarStore> exemplars_;
  std::unique_ptr<WriteReceiver> receiver_;
  promql::Engine engine_;
  std::unique_ptr<rules::RuleManager> rules_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<collect::ScrapeManager> scrape_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace cachescope::api
