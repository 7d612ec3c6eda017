#include "server/notify/receivers/webhook/webhook_receiver.h"

#include "server/notify/receivers/receiver_fixture.h"

namespace cachescope::notify {
namespace {

class WebhookReceiverTest : public ReceiverTest {};

TEST_F(WebhookReceiverTest, TheBodyIsVersion4) {
  const auto webhook = MakeReceiver("webhook", "{url: 'http://h/'}");
  const auto body = BodyOf(webhook.get());
  ExpectJson(body, R"json({
    "version": "4", "groupKey": "{}:{alertname=\"HitRatioLow\"}", "truncatedAlerts": 0, "status": "firing",
    "receiver": "team-x", "externalURL": "http://scope", "groupLabels": {"alertname": "HitRatioLow"},
    "commonLabels": {"alertname": "HitRatioLow", "severity": "page"},
    "commonAnnotations": {"runbook_url": "/advice/redis#low"},
    "alerts": [
      {"status": "firing", "labels": {"alertname": "HitRatioLow", "instance": "redis-1", "severity": "page"},
       "annotations": {"runbook_url": "/advice/redis#low", "summary": "Hit ratio of redis-1 is low"},
       "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
       "generatorURL": "http://scope/graph?g0.expr=x", "fingerprint": "e17e91751627e04e"},
      {"status": "firing", "labels": {"alertname": "HitRatioLow", "instance": "redis-2", "severity": "page"},
       "annotations": {"runbook_url": "/advice/redis#low", "summary": "Hit ratio of redis-2 is low"},
       "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
       "generatorURL": "http://scope/graph?g0.expr=x", "fingerprint": "1645fa34ab2e0119"}]})json");
  EXPECT_EQ(Header("Content-Type"), "application/json");
  EXPECT_EQ(Header("Idempotency-Key"), "news-1");
  EXPECT_EQ(requests_.back().method, "POST");
}

TEST_F(WebhookReceiverTest, MoreAlertsThanAllowedAreCounted) {
  const auto webhook = MakeReceiver("webhook", "{url: 'http://h/', max_alerts: 1}");
  const auto body = BodyOf(webhook.get());
  EXPECT_EQ(body["alerts"].size(), 1u);
  EXPECT_EQ(body["truncatedAlerts"], 1);
  EXPECT_EQ(body["commonLabels"].size(), 3u);
}

TEST_F(WebhookReceiverTest, APayloadOfOnesOwn) {
  const auto webhook =
      MakeReceiver("webhook",
                   "{url: 'http://h/{{ .CommonLabels.severity }}', payload: {kind: '{{ .Status }}', count: '{{ len "
                   ".Alerts }}', list: [1, '{{ .Alerts.Firing | toJson }}']}}");
  const auto body = BodyOf(webhook.get());
  EXPECT_EQ(requests_.back().url, "http://h/page");
  EXPECT_EQ(body["kind"], "firing");
  EXPECT_EQ(body["count"], 2);
  EXPECT_EQ(body["list"][1][1]["labels"]["instance"], "redis-2");
}

TEST_F(WebhookReceiverTest, AnAddressThatDoesNotExpandIsGivenUp) {
  const auto webhook = MakeReceiver("webhook", "{url: '{{ gone }}'}");
  const NotifyResult result = Tell(webhook.get());
  EXPECT_EQ(result.reason, FailureReason::kTemplate);
  EXPECT_FALSE(result.retry);
  EXPECT_TRUE(requests_.empty());
}

}  // namespace
}  // namespace cachescope::notify
