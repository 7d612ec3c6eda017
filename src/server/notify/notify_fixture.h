// A notifier on a simulated clock whose webhooks go nowhere: what tests of this module share.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "server/notify/config.h"
#include "server/notify/notifier.h"

namespace cachescope::notify {

struct Message {
  TimestampMs at = 0;
  std::string to;  // host of the URL
  std::string id;  // Idempotency-Key
  nlohmann::json body;

  std::string status() const { return body.at("status"); }
  // "firing:a resolved:b" of the label `alertname` (or `n` when it is there), in order.
  std::string Summary() const;
};

inline std::shared_ptr<const NotifierConfig> ConfigOf(const std::string& yaml) {
  const auto node = ConfigNode::ParseYaml(yaml, "a.yml");
  EXPECT_TRUE(node.ok()) << node.status().ToString();
  auto config = ParseNotifierConfig(*node);
  EXPECT_TRUE(config.ok()) << config.status().ToString() << "\n" << yaml;
  return config.ok() ? *config : nullptr;
}

// Receivers of these names, each with a webhook to http://NAME/.
inline std::string Receivers(const std::vector<std::string>& names) {
  std::string out = "receivers:\n";
  for (const std::string& name : names)
    out += "- {name: " + name + ", webhook_configs: [{url: 'http://" + name + "/'}]}\n";
  return out;
}

class NotifyFixture : public testing::Test {
 protected:
  NotifyFixture() : store_(storage::StateStore::NewInMemory()) { Restart(); }

  // The process ends and begins again; what is in the store stays.
  void Restart() {
    NotifierOptions options;
    options.wall = &clock_;
    options.monotonic = split_clocks_ ? &mono_ : nullptr;
    options.store = store_.get();
    options.fetch = [this](http::ClientRequest request) { return Answer(std::move(request)); };
    notifier_ = Notifier::New(std::move(options));
    if (config_ != nullptr) notifier_->Apply(config_, "http://x");
  }
  void Apply(const std::string& yaml) {
    config_ = ConfigOf(yaml);
    notifier_->Apply(config_, "http://x");
  }
  void At(TimestampMs t) {
    clock_.SetMs(t);
    if (!split_clocks_) mono_.SetMs(t);
    notifier_->RunDue();
  }
  void Until(TimestampMs t, DurationMs step = 1000) {
    while (clock_.NowMs() + step <= t) At(clock_.NowMs() + step);
    At(t);
  }
  Alert Firing(const Labels& labels) const {
    Alert alert;
    alert.labels = labels;
    alert.state = AlertState::kFiring;
    alert.active_at = alert.fired_at = clock_.NowMs();
    return alert;
  }
  Alert Resolved(Alert alert) const {
    alert.state = AlertState::kResolved;
    alert.resolved_at = clock_.NowMs();
    return alert;
  }
  void Put(const Alert& alert) { notifier_->Put({alert}); }
  // Everything told since the last call, one line each: "SECONDS to:summary".
  std::vector<std::string> Take() {
    std::vector<std::string> out;
    for (const Message& m : told_) out.push_back(std::to_string(m.at / 1000) + " " + m.to + ": " + m.Summary());
    told_.clear();
    return out;
  }
  std::size_t CountEvents(const std::string& kind) {
    storage::EventFilter filter;
    filter.kind = kind;
    const auto events = store_->Events(filter);
    return events.ok() ? events->size() : 0;
  }

  Result<http::Response> Answer(http::ClientRequest request) {
    Message message;
    message.at = clock_.NowMs();
    message.to = request.url.substr(7, request.url.find('/', 7) - 7);
    message.id = http::FindHeader(request.headers, "Idempotency-Key");
    message.body = nlohmann::json::parse(request.body);
    attempts_.push_back(message);
    const auto answer = answers_.find(message.to);
    if (answer != answers_.end()) return answer->second;
    told_.push_back(std::move(message));
    return http::Response{};
  }

  static constexpr TimestampMs kMinute = 60'000;
  SimulatedClock clock_{1'000'000};
  SimulatedClock mono_{1'000'000};
  bool split_clocks_ = false;
  std::unique_ptr<storage::StateStore> store_;
  std::shared_ptr<const NotifierConfig> config_;
  std::unique_ptr<Notifier> notifier_;
  std::vector<Message> told_;                              // that arrived
  std::vector<Message> attempts_;                          // all
  std::map<std::string, Result<http::Response>> answers_;  // by receiver; others get 200
};

inline std::string Message::Summary() const {
  std::string out;
  for (const auto& alert : body.at("alerts")) {
    const auto& labels = alert.at("labels");
    out += (out.empty() ? "" : " ") + alert.at("status").get<std::string>() + ":" +
           labels.value("n", labels.value("alertname", "?"));
  }
  return out;
}

}  // namespace cachescope::notify
