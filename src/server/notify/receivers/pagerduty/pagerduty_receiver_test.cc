#include "server/notify/receivers/pagerduty/pagerduty_receiver.h"

#include "server/notify/receivers/receiver_fixture.h"

namespace cachescope::notify {
namespace {

class PagerdutyTest : public ReceiverTest {};

TEST_F(PagerdutyTest, Version2) {
  const auto pagerduty =
      MakeReceiver("pagerduty", R"({routing_key: k1, url: 'http://h/', class: c, component: '{{ .Status }}',
    group: g, severity: '{{ .CommonLabels.severity }}', images: [{src: '', alt: a}, {src: 'http://i', href: 'http://r'}],
    links: [{href: 'http://l', text: t}, {text: lost}], details: {firing: '{{ len .Alerts }}', extra: {deep: 'x: y'}}})");
  auto body = BodyOf(pagerduty.get());
  ExpectJson(body, R"json({
    "routing_key": "k1", "event_action": "trigger", "dedup_key": "KEYHASH",
    "client": "Alertmanager", "client_url": "http://scope/#/alerts?receiver=team-x",
    "images": [{"src": "http://i", "alt": "", "href": "http://r"}], "links": [{"href": "http://l", "text": "t"}],
    "payload": {"summary": "[FIRING:2] HitRatioLow (page)", "source": "Alertmanager", "severity": "page", "class": "c",
      "component": "firing", "group": "g",
      "custom_details": {"firing": 2, "resolved": [], "num_firing": 2, "num_resolved": 0, "extra": {"deep": "x: y"}}}})json");
  body = BodyOf(pagerduty.get(), Sample(true));
  EXPECT_EQ(body["event_action"], "resolve");
  EXPECT_EQ(body["dedup_key"], kSampleKeyHash);
}

TEST_F(PagerdutyTest, DefaultsAreAlerts) {
  const auto pagerduty = MakeReceiver("pagerduty", "{routing_key: k1, url: 'http://h/', source: s}");
  const auto payload = BodyOf(pagerduty.get())["payload"];
  EXPECT_EQ(payload["severity"], "error");
  EXPECT_EQ(payload["source"], "s");
  EXPECT_EQ(payload["custom_details"]["firing"][1]["labels"]["instance"], "redis-2");
  EXPECT_EQ(payload["custom_details"]["num_firing"], 2);
}

TEST_F(PagerdutyTest, Version1) {
  const auto pagerduty = MakeReceiver("pagerduty", "{service_key: k1, details: {firing: x, resolved: y}}");
  ExpectJson(BodyOf(pagerduty.get()), R"json({
    "service_key": "k1", "event_type": "trigger", "incident_key": "KEYHASH",
    "description": "[FIRING:2] HitRatioLow (page)", "client": "Alertmanager", "event_action": "", "payload": null,
    "client_url": "http://scope/#/alerts?receiver=team-x",
    "details": {"firing": "x", "resolved": "y", "num_firing": 2, "num_resolved": 0}})json");
  EXPECT_EQ(requests_.back().url, "https://events.pagerduty.com/generic/2010-04-15/create_event.json");
  const auto resolved = BodyOf(pagerduty.get(), Sample(true));
  EXPECT_EQ(resolved["event_type"], "resolve");
  EXPECT_FALSE(resolved.contains("client"));
}

TEST_F(PagerdutyTest, RateLimitsOfEitherVersion) {
  auto pagerduty = MakeReceiver("pagerduty", "{service_key: k1}");
  answers_ = {Answering(403)};
  EXPECT_TRUE(Tell(pagerduty.get()).retry);
  pagerduty = MakeReceiver("pagerduty", "{routing_key: k1}");
  answers_ = {Answering(403)};
  EXPECT_FALSE(Tell(pagerduty.get()).retry);
  answers_ = {Answering(429)};
  EXPECT_TRUE(Tell(pagerduty.get()).retry);
}

TEST_F(PagerdutyTest, AnEventTooLongLosesItsDetails) {
  for (const char* key : {"routing_key: k1", "service_key: k1"}) {
    const auto pagerduty =
        MakeReceiver("pagerduty", "{" + std::string(key) + ", details: {x: '" + std::string(513'000, 'a') + "'}}");
    const auto body = BodyOf(pagerduty.get());
    const auto& details = body.contains("details") ? body["details"] : body["payload"]["custom_details"];
    EXPECT_EQ(details.size(), 1u);
    EXPECT_TRUE(details.contains("error"));
    EXPECT_LT(requests_.back().body.size(), 512'000u);
  }
}

TEST_F(PagerdutyTest, AKeyThatExpandsToNothing) {
  const auto pagerduty = MakeReceiver("pagerduty", "{routing_key: '{{ .CommonLabels.none }}'}");
  const NotifyResult result = Tell(pagerduty.get());
  EXPECT_EQ(result.status.message(), "cannot notify PagerDuty: routing_key cannot be empty");
  EXPECT_FALSE(result.retry);
}

TEST_F(PagerdutyTest, SummariesAreCut) {
  const auto pagerduty = MakeReceiver("pagerduty", "{routing_key: k, description: '" + std::string(1025, 'x') + "'}");
  EXPECT_EQ(BodyOf(pagerduty.get())["payload"]["summary"], std::string(1023, 'x') + "…");
}

}  // namespace
}  // namespace cachescope::notify
