// What the tests of receivers share: an integration made from a configuration, two alerts to tell of, and a peer that
// answers as the test says and remembers what it was asked.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "server/notify/config.h"
#include "server/notify/receivers/schemas.h"

namespace cachescope::notify {

inline ConfigNode NodeOf(const std::string& yaml) {
  auto node = ConfigNode::ParseYaml(yaml, "a.yml");
  EXPECT_TRUE(node.ok()) << node.status().ToString() << "\n" << yaml;
  return node.ok() ? *node : ConfigNode();
}

// `fields` and `global` are flow mappings: "{url: 'http://h/'}".
inline std::unique_ptr<Integration> MakeReceiver(const std::string& kind, const std::string& fields,
                                                 const std::string& global = "{}") {
  auto shared = Settings::Parse(GlobalSchema(), NodeOf(global), nullptr);
  EXPECT_TRUE(shared.ok()) << shared.status().ToString();
  for (const Schema& schema : IntegrationSchemas()) {
    if (schema.name != kind || !shared.ok()) continue;
    const ConfigNode node = NodeOf(fields);
    auto settings = Settings::Parse(schema, node, std::make_shared<const Settings>(*shared));
    EXPECT_TRUE(settings.ok()) << settings.status().ToString();
    if (!settings.ok() || FindIntegrationKind(kind) == nullptr) break;
    auto made = FindIntegrationKind(kind)->make(*settings, node);
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    if (made.ok()) return std::move(*made);
  }
  ADD_FAILURE() << "no receiver " << kind;
  return nullptr;
}

inline constexpr TimestampMs kStart = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

inline Alert AlertNamed(const std::string& instance) {
  Alert out;
  out.state = AlertState::kFiring;
  out.labels = {{"alertname", "HitRatioLow"}, {"instance", instance}, {"severity", "page"}};
  out.annotations = {{"summary", "Hit ratio of " + instance + " is low"}, {"runbook_url", "/advice/redis#low"}};
  out.value = 0.25;
  out.active_at = kStart - 60'000;
  out.fired_at = kStart;
  out.generator_url = "http://scope/graph?g0.expr=x";
  return out;
}

// Two alerts that fire; `resolved`: both are over after five minutes.
inline Notification Sample(bool resolved = false) {
  Notification out;
  out.receiver = "team-x";
  out.group_key = "{}:{alertname=\"HitRatioLow\"}";
  out.group_labels = {{"alertname", "HitRatioLow"}};
  out.external_url = "http://scope";
  out.alerts = {AlertNamed("redis-1"), AlertNamed("redis-2")};
  for (Alert& alert : out.alerts) alert.resolved_at = resolved ? kStart + 300'000 : 0;
  out.common_labels = CommonLabels(out.alerts, &Alert::labels);
  out.common_annotations = CommonLabels(out.alerts, &Alert::annotations);
  out.firing = !resolved;
  out.id = "news-1";
  out.at = kStart + 30'000;
  return out;
}
// SHA-256 of its group key.
inline constexpr char kSampleKeyHash[] = "617c0e1b25d1a16ee5af06d467f4f848fc603ff6be476043206f6008feee1d4d";

inline http::Response Answering(int status, std::string body = "", std::string type = "text/plain") {
  http::Response out;
  out.status = status;
  out.headers = {{"Content-Type", std::move(type)}};
  out.body = std::move(body);
  return out;
}

// "KEYHASH" stands for the hash of the group key.
inline void ExpectJson(const nlohmann::json& got, std::string expected) {
  if (const auto at = expected.find("KEYHASH"); at != std::string::npos) expected.replace(at, 7, kSampleKeyHash);
  EXPECT_EQ(got, nlohmann::json::parse(expected)) << expected;
}

class ReceiverTest : public testing::Test {
 protected:
  NotifyContext Context() {
    NotifyContext out;
    out.timeout = std::chrono::seconds(5);
    out.fetch = [this](http::ClientRequest request) -> Result<http::Response> {
      requests_.push_back(std::move(request));
      if (answers_.empty()) return Answering(200, "ok");
      auto answer = answers_.front();
      answers_.pop_front();
      return answer;
    };
    return out;
  }
  NotifyResult Tell(Integration* integration, const Notification& notification = Sample()) {
    return integration->Notify(notification, Context());
  }
  // Tells and returns the body of the only request, as JSON.
  nlohmann::json BodyOf(Integration* integration, const Notification& notification = Sample()) {
    requests_.clear();
    const NotifyResult result = Tell(integration, notification);
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_EQ(requests_.size(), 1u);
    return requests_.empty() ? nlohmann::json() : nlohmann::json::parse(requests_.front().body, nullptr, false);
  }
  std::string Header(std::string_view name) const {
    return requests_.empty() ? "" : std::string(http::FindHeader(requests_.back().headers, name));
  }

  std::vector<http::ClientRequest> requests_;
  std::deque<Result<http::Response>> answers_;  // in order; then 200 "ok"
};

}  // namespace cachescope::notify
