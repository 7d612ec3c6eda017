#include "server/notify/receivers/slack/slack_receiver.h"

#include "server/notify/receivers/receiver_fixture.h"

namespace cachescope::notify {
namespace {

class SlackTest : public ReceiverTest {};

TEST_F(SlackTest, TheDefaultMessage) {
  const auto slack = MakeReceiver("slack", "{api_url: 'http://h/x', channel: '#caches'}");
  ExpectJson(BodyOf(slack.get()), R"json({
    "channel": "#caches", "username": "Alertmanager",
    "attachments": [{
      "title": "[FIRING:2] HitRatioLow (page)", "title_link": "http://scope/#/alerts?receiver=team-x", "text": "",
      "fallback": "[FIRING:2] HitRatioLow (page) | http://scope/#/alerts?receiver=team-x", "callback_id": "",
      "footer": "", "color": "danger", "mrkdwn_in": ["fallback", "pretext", "text"]}]})json");
  EXPECT_EQ(requests_.back().url, "http://h/x");
  EXPECT_EQ(BodyOf(slack.get(), Sample(true))["attachments"][0]["title"], "[RESOLVED] HitRatioLow (page)");
  EXPECT_EQ(BodyOf(slack.get(), Sample(true))["attachments"][0]["color"], "good");
}

TEST_F(SlackTest, EveryField) {
  const auto slack =
      MakeReceiver("slack", R"({api_url: 'http://h/x', channel: '{{ .CommonLabels.severity }}', username: u,
    icon_emoji: ':x:', icon_url: 'http://i', link_names: true, message_text: 'm {{ len .Alerts }}', pretext: p, text: t,
    footer: f, callback_id: c, image_url: 'http://img', thumb_url: 'http://th', mrkdwn_in: [text], short_fields: true,
    fields: [{title: '{{ .Status }}', value: v}, {title: a, value: b, short: false}],
    actions: [{type: button, text: Go, url: 'http://r', name: lost},
              {type: button, text: Ack, name: n, value: v, style: danger,
               confirm: {text: sure, title: T, ok_text: yes, dismiss_text: 'no'}}]})");
  ExpectJson(BodyOf(slack.get()), R"json({
    "channel": "page", "username": "u", "icon_emoji": ":x:", "icon_url": "http://i", "link_names": true, "text": "m 2",
    "attachments": [{
      "title": "[FIRING:2] HitRatioLow (page)", "title_link": "http://scope/#/alerts?receiver=team-x", "pretext": "p",
      "text": "t", "fallback": "[FIRING:2] HitRatioLow (page) | http://scope/#/alerts?receiver=team-x",
      "callback_id": "c", "footer": "f", "color": "danger", "image_url": "http://img", "thumb_url": "http://th",
      "mrkdwn_in": ["text"],
      "fields": [{"title": "firing", "value": "v", "short": true}, {"title": "a", "value": "b", "short": false}],
      "actions": [{"type": "button", "text": "Go", "url": "http://r"},
                  {"type": "button", "text": "Ack", "style": "danger", "name": "n", "value": "v",
                   "confirm": {"text": "sure", "title": "T", "ok_text": "yes", "dismiss_text": "no"}}]}]})json");
}

TEST_F(SlackTest, LongTitlesAreCut) {
  const auto slack = MakeReceiver("slack", "{api_url: 'http://h/x', title: '" + std::string(2000, 'x') + "'}");
  const std::string title = BodyOf(slack.get())["attachments"][0]["title"];
  EXPECT_EQ(title, std::string(1023, 'x') + "…");
}

TEST_F(SlackTest, ATokenGoesToTheApp) {
  auto slack = MakeReceiver("slack", "{app_token: xoxb-1, channel: c}");
  answers_ = {Answering(200, R"({"ok":true})", "application/json; charset=utf-8")};
  EXPECT_TRUE(Tell(slack.get()).status.ok());
  EXPECT_EQ(requests_.back().url, "https://slack.com/api/chat.postMessage");
  EXPECT_EQ(Header("Authorization"), "Bearer xoxb-1");
  slack = MakeReceiver("slack", "{channel: c}", "{slack_app_token: xoxb-2, slack_app_url: 'http://app/'}");
  answers_ = {Answering(200, R"({"ok":true})", "application/json")};
  EXPECT_TRUE(Tell(slack.get()).status.ok());
  EXPECT_EQ(requests_.back().url, "http://app/");
  EXPECT_EQ(Header("Authorization"), "Bearer xoxb-2");
  slack = MakeReceiver("slack", "{channel: c}", "{slack_api_url: 'http://global/'}");
  EXPECT_TRUE(Tell(slack.get()).status.ok());
  EXPECT_EQ(requests_.back().url, "http://global/");
}

TEST_F(SlackTest, RefusalsComeWith200) {
  const auto slack = MakeReceiver("slack", "{api_url: 'http://h/x', channel: c}");
  for (const auto& answer : {Answering(200, R"({"ok":false,"error":"channel_not_found"})", "application/json"),
                             Answering(200, "channel_not_found")}) {
    answers_ = {answer};
    const NotifyResult result = Tell(slack.get());
    EXPECT_EQ(result.status.message(), "Slack refused the notification: channel_not_found");
    EXPECT_FALSE(result.retry);
    EXPECT_EQ(result.reason, FailureReason::kClientError);
  }
  answers_ = {Answering(200, "<html>", "application/json")};
  EXPECT_TRUE(Tell(slack.get()).retry);
}

TEST_F(SlackTest, LaterNewsEditTheFirstMessage) {
  const auto slack =
      MakeReceiver("slack",
                   "{api_url: 'https://slack.com/api/chat.postMessage', channel: '#c', update_message: true, "
                   "http_config: {authorization: {credentials: t}}}");
  answers_ = {Answering(200, R"({"ok":true,"channel":"C1","ts":"1.2"})", "application/json"),
              Answering(200, R"({"ok":true})", "application/json")};
  EXPECT_TRUE(Tell(slack.get()).status.ok());
  EXPECT_TRUE(Tell(slack.get(), Sample(true)).status.ok());
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(requests_[0].url, "https://slack.com/api/chat.postMessage");
  EXPECT_EQ(requests_[1].url, "https://slack.com/api/chat.update");
  const auto body = nlohmann::json::parse(requests_[1].body);
  EXPECT_EQ(body["channel"], "C1");
  EXPECT_EQ(body["ts"], "1.2");
}

}  // namespace
}  // namespace cachescope::notify
