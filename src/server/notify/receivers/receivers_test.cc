// The bodies of the receivers that are not large enough for a test of their own.
#include "server/notify/receivers/receiver_fixture.h"

namespace cachescope::notify {
namespace {

using nlohmann::json;

class ReceiversTest : public ReceiverTest {};

constexpr char kTitle[] = "[FIRING:2] HitRatioLow (page)";

TEST_F(ReceiversTest, Discord) {
  const auto discord = MakeReceiver("discord", "{webhook_url: 'http://h/', message: m, username: u}");
  ExpectJson(BodyOf(discord.get()), R"json({"content": "", "username": "u", "embeds": [
    {"title": "[FIRING:2] HitRatioLow (page)", "description": "m", "color": 10038562}]})json");
  EXPECT_EQ(BodyOf(discord.get(), Sample(true))["embeds"][0]["color"], 3066993);
  const auto large =
      MakeReceiver("discord", "{webhook_url: 'http://h/', title: '" + std::string(300, 'x') + "', message: '" +
                                  std::string(5000, 'x') + "', content: '" + std::string(3000, 'x') + "'}");
  const auto body = BodyOf(large.get());
  EXPECT_EQ(body["embeds"][0]["title"], std::string(255, 'x') + "…");
  EXPECT_EQ(body["embeds"][0]["description"], std::string(4095, 'x') + "…");
  EXPECT_EQ(body["content"], std::string(1999, 'x') + "…");
}

TEST_F(ReceiversTest, MicrosoftTeamsConnector) {
  const auto teams = MakeReceiver("msteams", "{webhook_url: 'http://h/', text: t}");
  ExpectJson(BodyOf(teams.get()), R"json({"@context": "http://schema.org/extensions", "type": "MessageCard",
    "title": "[FIRING:2] HitRatioLow (page)", "summary": "[FIRING:2] HitRatioLow (page)", "text": "t",
    "themeColor": "8C1A1A"})json");
  EXPECT_EQ(BodyOf(teams.get(), Sample(true))["themeColor"], "2DC72D");
  answers_ = {
      Answering(200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429")};
  const NotifyResult result = Tell(teams.get());
  EXPECT_TRUE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kRateLimited);
}

TEST_F(ReceiversTest, MicrosoftTeamsWorkflow) {
  const auto teams = MakeReceiver("msteamsv2", "{webhook_url: 'http://h/', text: t}");
  ExpectJson(BodyOf(teams.get()), R"json({"type": "message", "attachments": [{
    "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": {
      "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.2",
      "msteams": {"width": "full"},
      "body": [{"type": "TextBlock", "text": "[FIRING:2] HitRatioLow (page)", "weight": "Bolder", "size": "Medium",
                "wrap": true, "style": "heading", "color": "Attention"},
               {"type": "TextBlock", "text": "t", "wrap": true}]}}]})json");
}

TEST_F(ReceiversTest, OpsgenieCreates) {
  const auto opsgenie = MakeReceiver("opsgenie", R"({api_url: 'http://h/x', api_key: k1, description: d, note: n,
    priority: P1, entity: e, actions: 'a, b', tags: ' one,,two ', details: {runbook: 'r {{ .Status }}'},
    responders: [{name: 'x,y', type: teams}, {username: '{{ .CommonLabels.none }}', type: '{{ "" }}'}, {id: i, type: user}]})");
  ExpectJson(BodyOf(opsgenie.get()), R"json({"alias": "KEYHASH",
    "message": "[FIRING:2] HitRatioLow (page)", "description": "d",
    "details": {"alertname": "HitRatioLow", "severity": "page", "runbook": "r firing"},
    "source": "http://scope/#/alerts?receiver=team-x", "note": "n", "priority": "P1", "entity": "e",
    "actions": ["a", " b"], "tags": ["one", "two"],
    "responders": [{"name": "x", "type": "team"}, {"name": "y", "type": "team"}, {"id": "i", "type": "user"}]})json");
  EXPECT_EQ(requests_.back().url, "http://h/x/v2/alerts");
  EXPECT_EQ(Header("Authorization"), "GenieKey k1");
}

TEST_F(ReceiversTest, OpsgenieClosesAndUpdates) {
  const auto opsgenie =
      MakeReceiver("opsgenie", "{api_url: 'http://h/', api_key: k1, description: d, update_alerts: true, message: '" +
                                   std::string(131, 'x') + "'}");
  ExpectJson(BodyOf(opsgenie.get(), Sample(true)), R"json({"source": "http://scope/#/alerts?receiver=team-x"})json");
  EXPECT_EQ(requests_.back().url, std::string("http://h/v2/alerts/") + kSampleKeyHash + "/close?identifierType=alias");
  requests_.clear();
  EXPECT_TRUE(Tell(opsgenie.get()).status.ok());
  ASSERT_EQ(requests_.size(), 3u);
  EXPECT_EQ(requests_[1].method, "PUT");
  EXPECT_EQ(requests_[1].url, std::string("http://h/v2/alerts/") + kSampleKeyHash + "/message?identifierType=alias");
  EXPECT_EQ(json::parse(requests_[1].body), (json{{"message", std::string(129, 'x') + "…"}}));
  EXPECT_EQ(json::parse(requests_[2].body), (json{{"description", "d"}}));
  // The first that fails ends it.
  requests_.clear();
  answers_ = {Answering(200), Answering(500)};
  EXPECT_TRUE(Tell(opsgenie.get()).retry);
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(ReceiversTest, Telegram) {
  auto telegram = MakeReceiver(
      "telegram",
      "{api_url: 'http://h/', bot_token: 't1', chat_id: -5, message: '<b>{{ .Receiver }}</b> {{ \"<&\" }}'}");
  ExpectJson(BodyOf(telegram.get()), R"json({"chat_id": "-5", "text": "<b>team-x</b> &lt;&amp;", "parse_mode": "HTML",
    "disable_web_page_preview": true})json");
  EXPECT_EQ(requests_.back().url, "http://h/bott1/sendMessage");
  telegram =
      MakeReceiver("telegram",
                   "{api_url: 'http://h', bot_token: t, chat_id: 5, message_thread_id: 7, disable_notifications: true, "
                   "parse_mode: '', message: '" +
                       std::string(5000, 'x') + "'}");
  EXPECT_EQ(BodyOf(telegram.get()), (json{{"chat_id", "5"},
                                          {"text", std::string(4095, 'x') + "…"},
                                          {"disable_web_page_preview", true},
                                          {"disable_notification", true},
                                          {"message_thread_id", 7}}));
  telegram = MakeReceiver(
      "telegram", "{api_url: 'http://h', bot_token: t, chat_id: 5, message: '<b>" + std::string(5000, 'x') + "</b>'}");
  EXPECT_EQ(BodyOf(telegram.get())["text"], "[FIRING:2] HitRatioLow (the message is longer than Telegram takes)");
  answers_ = {Answering(429, R"({"ok":false,"error_code":429,"parameters":{"retry_after":12}})")};
  EXPECT_EQ(Tell(telegram.get()).retry_after, 12'000);
}

TEST_F(ReceiversTest, Pushover) {
  const auto pushover =
      MakeReceiver("pushover", "{user_key: u 1, token: t, message: ' ', url_title: T, sound: s, ttl: 2m, html: true}");
  EXPECT_TRUE(Tell(pushover.get()).status.ok());
  const auto params = http::Params::Parse(requests_.back().body);
  const std::pair<const char*, const char*> kExpected[] = {{"token", "t"},
                                                           {"user", "u 1"},
                                                           {"title", kTitle},
                                                           {"html", "1"},
                                                           {"message", "(no details)"},
                                                           {"url", "http://scope/#/alerts?receiver=team-x"},
                                                           {"url_title", "T"},
                                                           {"priority", "2"},
                                                           {"retry", "60"},
                                                           {"expire", "3600"},
                                                           {"device", ""},
                                                           {"sound", "s"},
                                                           {"ttl", "120"}};
  for (const auto& [key, value] : kExpected) EXPECT_EQ(params.Get(key), value) << key;
  EXPECT_EQ(params.pairs().size(), std::size(kExpected));
  EXPECT_EQ(requests_.back().url, "https://api.pushover.net/1/messages.json");
  EXPECT_EQ(Header("Content-Type"), "application/x-www-form-urlencoded");
}

TEST_F(ReceiversTest, Webex) {
  const auto webex = MakeReceiver("webex", "{api_url: 'http://h/', room_id: r, message: '" + std::string(8000, 'x') +
                                               "', http_config: {authorization: {credentials: t}}}");
  EXPECT_EQ(BodyOf(webex.get()), (json{{"roomId", "r"}, {"markdown", std::string(7436, 'x') + "…"}}));
  EXPECT_EQ(Header("Authorization"), "Bearer t");
}

TEST_F(ReceiversTest, Victorops) {
  const auto victorops =
      MakeReceiver("victorops",
                   "{api_url: 'http://h', api_key: k, routing_key: '{{ .Receiver }}', message_type: odd, "
                   "state_message: m, custom_fields: {f: '{{ .Status }}'}}");
  EXPECT_EQ(BodyOf(victorops.get()), (json{{"message_type", "CRITICAL"},
                                           {"entity_id", kSampleKeyHash},
                                           {"entity_display_name", kTitle},
                                           {"state_message", "m"},
                                           {"monitoring_tool", "Alertmanager"},
                                           {"f", "firing"}}));
  EXPECT_EQ(requests_.back().url, "http://h/k/team-x");
  EXPECT_EQ(BodyOf(victorops.get(), Sample(true))["message_type"], "RECOVERY");
}

TEST_F(ReceiversTest, Rocketchat) {
  const auto rocketchat =
      MakeReceiver("rocketchat", R"({api_url: 'http://h', token: t1, token_id: i1, channel: '#c', emoji: ':x:', text: t,
    fields: [{title: a, value: b}], actions: [{type: button, text: go, url: 'http://u', msg: m}]})");
  answers_ = {Answering(200, R"({"success":true})", "application/json")};
  ExpectJson(BodyOf(rocketchat.get()), R"json({"channel": "#c", "emoji": ":x:", "attachments": [{
    "title": "[FIRING:2] HitRatioLow (page)", "title_link": "http://scope/#/alerts?receiver=team-x", "text": "t", "color": "red",
    "fields": [{"short": false, "title": "a", "value": "b"}],
    "actions": [{"type": "button", "text": "go", "url": "http://u", "msg": "m", "is_webview": false, "msg_in_chat_window": false}]}]})json");
  EXPECT_EQ(requests_.back().url, "http://h/api/v1/chat.postMessage");
  EXPECT_EQ(Header("X-Auth-Token"), "t1");
  EXPECT_EQ(Header("X-User-Id"), "i1");
  answers_ = {Answering(200, R"({"success":false,"error":"error-room-not-found"})", "application/json")};
  EXPECT_EQ(Tell(rocketchat.get()).status.message(), "Rocket.Chat refused the notification: error-room-not-found");
}

TEST_F(ReceiversTest, Mattermost) {
  auto mattermost = MakeReceiver(
      "mattermost", R"({webhook_url: 'http://h/', text: t, channel: c, priority: {priority: Urgent, requested_ack: true,
    persistent_notifications: true}, props: {card: 'c {{ .Status }}'}, attachments: [{text: x, fields: [{title: a, value: b, short: true}]}]})");
  ExpectJson(BodyOf(mattermost.get()), R"json({"text": "t", "channel": "c", "username": "Alertmanager",
    "attachments": [{"text": "x", "fields": [{"title": "a", "value": "b", "short": true}]}], "props": {"card": "c firing"},
    "priority": {"priority": "urgent", "requested_ack": true, "persistent_notifications": true}})json");
  mattermost = MakeReceiver(
      "mattermost", "{webhook_url: 'http://h/', text: t, footer: f, priority: {priority: odd, requested_ack: true}}");
  ExpectJson(BodyOf(mattermost.get()),
             R"json({"text": "t", "username": "Alertmanager", "priority": {"priority": "standard"},
    "attachments": [{"title": "[FIRING:2] HitRatioLow (page)", "title_link": "http://scope/#/alerts?receiver=team-x", "color": "danger",
      "fallback": "[FIRING:2] HitRatioLow (page) | http://scope/#/alerts?receiver=team-x", "footer": "f"}]})json");
  mattermost = MakeReceiver("mattermost", "{webhook_url: 'http://h/', text: '" + std::string(17'000, 'x') + "'}");
  EXPECT_EQ(BodyOf(mattermost.get()), (json{{"text", std::string(16'382, 'x') + "…"}, {"username", "Alertmanager"}}));
}

TEST_F(ReceiversTest, Incidentio) {
  const auto incidentio = MakeReceiver("incidentio", "{url: 'http://h/', alert_source_token: t1}");
  auto body = BodyOf(incidentio.get());
  EXPECT_EQ(body["version"], "1");
  EXPECT_EQ(body["alerts"].size(), 2u);
  EXPECT_EQ(Header("Authorization"), "Bearer t1");
  Notification large = Sample();
  large.alerts[1].annotations = {{"x", std::string(600'000, 'x')}};
  body = BodyOf(incidentio.get(), large);
  EXPECT_EQ(body["alerts"].size(), 1u);
  EXPECT_EQ(body["truncatedAlerts"], 1);
}

TEST_F(ReceiversTest, Wechat) {
  const auto wechat = MakeReceiver(
      "wechat", "{api_url: 'http://h', api_secret: s1, corp_id: c, message: m, to_user: '@all', agent_id: '7'}");
  answers_ = {Answering(200, R"({"errcode":0,"access_token":"a1"})"), Answering(200, R"({"errcode":0})"),
              Answering(200, R"({"errcode":42001,"errmsg":"access_token expired"})"),
              Answering(200, R"({"access_token":"a2"})"), Answering(200, R"({"errcode":0})")};
  EXPECT_TRUE(Tell(wechat.get()).status.ok());
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(requests_[0].url, "http://h/gettoken?corpid=c&corpsecret=s1");
  EXPECT_EQ(requests_[0].method, "GET");
  EXPECT_EQ(requests_[1].url, "http://h/message/send?access_token=a1");
  ExpectJson(json::parse(requests_[1].body),
             R"json({"text": {"content": "m"}, "touser": "@all", "agentid": "7", "safe": "0",
    "msgtype": "text", "markdown": {"content": ""}})json");
  // The token is kept until it is refused.
  EXPECT_TRUE(Tell(wechat.get()).retry);
  EXPECT_EQ(requests_.size(), 3u);
  EXPECT_TRUE(Tell(wechat.get()).status.ok());
  EXPECT_EQ(requests_.back().url, "http://h/message/send?access_token=a2");
  answers_ = {Answering(200, R"({"errcode":60020,"errmsg":"not allowed"})")};
  const NotifyResult result = Tell(wechat.get());
  EXPECT_EQ(result.status.message(), "WeChat refused the notification: not allowed");
  EXPECT_FALSE(result.retry);
}

}  // namespace
}  // namespace cachescope::notify
