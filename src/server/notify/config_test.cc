#include "server/notify/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "server/notify/notify_fixture.h"
#include "server/notify/receivers/schemas.h"

namespace cachescope::notify {
namespace {

std::string ErrorOf(const std::string& yaml) {
  const auto node = ConfigNode::ParseYaml(yaml, "a.yml");
  if (!node.ok()) return std::string(node.status().message());
  const auto config = ParseNotifierConfig(*node);
  return config.ok() ? "" : std::string(config.status().message());
}

// One receiver `a` with these fields of one integration.
std::string With(const std::string& kind, const std::string& fields) {
  return "route: {receiver: a}\nreceivers: [{name: a, " + kind + ": [{" + fields + "}]}]";
}

TEST(NotifierConfigTest, ErrorsNameThePlace) {
  EXPECT_EQ(ErrorOf("receivers: [{name: a}]"), "a.yml:1:1: no route provided in config");
  EXPECT_EQ(ErrorOf("route: {receiver: b}\nreceivers: [{name: a}]"),
            "a.yml:1:8: undefined receiver \"b\" used in route");
  EXPECT_EQ(ErrorOf("route: {receiver: a, routes: [{receiver: b}]}\nreceivers: [{name: a}]"),
            "a.yml:1:31: undefined receiver \"b\" used in route");
  EXPECT_EQ(ErrorOf("route: {receiver: a, routes: [{matchers: [x]}]}\nreceivers: [{name: a}]"),
            "a.yml:1:43: bad matcher 'x': expected NAME=\"VALUE\"");
  EXPECT_EQ(ErrorOf(With("webhook_configs", "url: 'ftp://secret.example'")),
            "a.yml:2:47: expected a URL that begins with http:// or https:// (field \"url\")");
  EXPECT_EQ(ErrorOf(With("slack_configs", "chanel: x")),
            "a.yml:2:40: unknown field \"chanel\" in slack_config (did you mean \"channel\"?)");
  EXPECT_EQ(ErrorOf("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]"),
            "a.yml:2:24: notification config name \"a\" is not unique");
}

TEST(NotifierConfigTest, RootAndIntervalsAreChecked) {
  const auto route = [](const std::string& r) { return ErrorOf("route: " + r + "\nreceivers: [{name: a}]"); };
  EXPECT_EQ(route("{group_wait: 1s}"), "a.yml:1:8: root route must specify a default receiver");
  EXPECT_EQ(route("{receiver: a, match: {x: y}}"), "a.yml:1:8: root route must not have any matchers");
  EXPECT_EQ(route("{receiver: a, continue: true}"), "a.yml:1:8: cannot have continue in root route");
  EXPECT_EQ(route("{receiver: a, mute_time_intervals: [x]}"),
            "a.yml:1:8: root route must not have any mute time intervals");
  EXPECT_EQ(route("{receiver: a, group_interval: 0s}"), "a.yml:1:8: group_interval cannot be zero");
  EXPECT_EQ(route("{receiver: a, repeat_interval: 0s}"), "a.yml:1:8: repeat_interval cannot be zero");
  EXPECT_EQ(route("{receiver: a, group_by: ['...', x]}"),
            "a.yml:1:32: cannot have wildcard group_by (`...`) and other labels at the same time");
  EXPECT_EQ(route("{receiver: a, group_by: [x, x]}"), "a.yml:1:32: duplicated label \"x\" in group_by");
  EXPECT_EQ(route("{receiver: a, routes: [{mute_time_intervals: [x]}]}"),
            "a.yml:1:31: undefined time interval \"x\" used in route");
  EXPECT_EQ(route("{receiver: a, routes: [{match_re: {x: '('}}]}").substr(0, 12), "a.yml:1:46: ");
}

TEST(NotifierConfigTest, NoErrorTellsASecret) {
  for (const Schema& schema : IntegrationSchemas()) {
    for (const FieldSpec& field : schema.fields) {
      if (field.type != FieldType::kSecret && field.type != FieldType::kSecretUrl) continue;
      for (const std::string value : {"hunter2", "[hunter2]", "{hunter2: 1}", "'ftp://hunter2'"}) {
        const std::string error =
            ErrorOf(With(schema.key, std::string(field.key) + ": " + value + ", nonsense_at_the_end: 1"));
        EXPECT_FALSE(error.empty()) << schema.key << " " << field.key << " " << value;
        EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
      }
    }
  }
}

TEST(NotifierConfigTest, ValueAndFileExcludeEachOther) {
  for (const Schema& schema : IntegrationSchemas()) {
    for (const FieldSpec& field : schema.fields) {
      if ((field.flags & kOrFile) == 0) continue;
      const std::string key = field.key;
      const std::string value = field.type == FieldType::kInt      ? "1"
                                : field.type == FieldType::kSecret ? "x"
                                                                   : "'https://x.example/y'";
      // Other fields may be missing too: what counts is that this pair is never accepted.
      const std::string error = ErrorOf(With(schema.key, key + ": " + value + ", " + key + "_file: /f"));
      EXPECT_FALSE(error.empty()) << schema.key << " " << key;
    }
  }
  EXPECT_EQ(ErrorOf(With("webhook_configs", "url: 'http://x', url_file: /f")),
            "a.yml:2:41: at most one of url & url_file must be configured in webhook_config");
  EXPECT_EQ(ErrorOf(With("webhook_configs", "")), "a.yml:2:41: missing url or url_file in webhook_config");
}

TEST(NotifierConfigTest, IntegrationsAcceptAndRefuseAsUpstream) {
  const struct {
    const char* kind;
    const char* fields;
    const char* error;  // part of it; empty: accepted
  } kCases[] = {
      {"discord_configs", "webhook_url: 'https://d/x', username: u", ""},
      {"discord_configs", "", "missing webhook_url"},
      {"email_configs", "to: a, from: b, smarthost: 'm:25'", ""},
      {"email_configs", "to: a, from: b, smarthost: m", "HOST:PORT"},
      {"email_configs", "to: a, from: b", "smarthost"},
      {"email_configs", "to: a, from: b, smarthost: 'm:25', headers: {subject: a, Subject: b}", "duplicate header"},
      {"email_configs", "to: a, from: b, smarthost: 'm:25', threading: {enabled: true}", "thread_by_date"},
      {"pagerduty_configs", "routing_key: k, details: {a: b}, timeout: 1.5s", ""},
      {"pagerduty_configs", "routing_key: k, timeout: 1d", "timeout"},
      {"pagerduty_configs", "", "missing service or routing key"},
      {"slack_configs", "api_url: 'https://s/x', fields: [{title: a, value: b}]", ""},
      {"slack_configs", "api_url: 'https://s/x', fields: [{title: a}]", "missing value"},
      {"slack_configs", "api_url: 'https://s/x', actions: [{type: b, text: t}]", "missing name or url"},
      {"slack_configs", "api_url: 'https://s/x', app_token: t", "at most one of api_url"},
      {"slack_configs", "app_token: t, http_config: {authorization: {credentials: x}}", "authorization can't be set"},
      {"opsgenie_configs", "api_key: k, responders: [{id: x, type: Team}]", ""},
      {"opsgenie_configs", "api_key: k, responders: [{type: team}]", "at least one of id"},
      {"opsgenie_configs", "api_key: k, responders: [{id: x, type: crew}]", "must be team"},
      {"victorops_configs", "api_key: k, routing_key: r, custom_fields: {entity_id: x}", "entity_id"},
      {"pushover_configs", "user_key: u, token: t", ""},
      {"pushover_configs", "user_key: u, token: t, html: true, monospace: true", "monospace"},
      {"sns_configs", "topic_arn: a, phone_number: '1'", "must provide either"},
      {"telegram_configs", "bot_token: t, chat_id: -100123", ""},
      {"telegram_configs", "bot_token: t", "chat_id"},
      {"telegram_configs", "bot_token: t, chat_id: 1, parse_mode: rtf", "parse_mode"},
      {"webex_configs", "room_id: r, http_config: {authorization: {credentials: x}}", ""},
      {"webex_configs", "room_id: r", "authorization"},
      {"wechat_configs", "api_secret: s, corp_id: c, message_type: html", "message_type"},
      {"jira_configs", "api_url: 'https://j', project: p, issue_type: b, summary: {template: x}", ""},
      {"jira_configs", "project: p, issue_type: b", "api_url"},
      {"incidentio_configs", "url: 'https://i', alert_source_token: t", ""},
      {"incidentio_configs", "url: 'https://i', http_config: {follow_redirects: true}", "at least one of"},
      {"mattermost_configs", "webhook_url: 'https://m/x', priority: {priority: urgent}", ""},
      {"rocketchat_configs", "token: t, token_id: i", ""},
      {"msteams_configs", "webhook_url: 'https://m/x', summary: s", ""},
      {"msteamsv2_configs", "webhook_url: 'https://m/x', summary: s", "unknown field \"summary\""},
      {"log_configs", "", ""},
  };
  for (const auto& c : kCases) {
    const std::string error = ErrorOf(With(c.kind, c.fields));
    if (c.error[0] == '\0') {
      EXPECT_EQ(error, "") << c.kind << " " << c.fields;
    } else {
      EXPECT_NE(error.find(c.error), std::string::npos) << c.kind << " " << c.fields << "\n" << error;
    }
  }
}

TEST(NotifierConfigTest, OwnSectionsAreRead) {
  const std::string base = "route: {receiver: a}\nreceivers: [{name: a}, {name: b}]\n";
  const auto config = ConfigOf(base +
                               "escalations: [{name: e, matchers: [severity=page], steps: [{after: 10m, severity: "
                               "critical, receiver: b}, {after: 1h, receiver: a}]}]\n"
                               "cooldowns: [{matchers: [flappy=yes], cooldown: 30m}]");
  ASSERT_NE(config, nullptr);
  ASSERT_EQ(config->escalations.size(), 1U);
  EXPECT_EQ(config->escalations[0].steps[0].after, 600'000);
  EXPECT_EQ(config->escalations[0].steps[1].route->receiver, "a");
  EXPECT_EQ(config->cooldowns[0].cooldown, 1'800'000);
  EXPECT_EQ(ErrorOf(base + "escalations: [{name: e, steps: [{after: 1m, receiver: z}]}]"),
            "a.yml:3:33: undefined receiver \"z\" used in escalation");
  EXPECT_EQ(ErrorOf(base + "escalations: [{name: e, steps: [{after: 5m, receiver: a}, {after: 5m, receiver: b}]}]"),
            "a.yml:3:59: a step must come after the one before it (field \"after\")");
  EXPECT_EQ(ErrorOf(base + "cooldowns: [{matchers: [a=b]}]"), "a.yml:3:13: missing field \"cooldown\" in cooldown");
}

// What real amtool 0.33.1 said about the files of upstream's own tests.
TEST(NotifierConfigTest, SameVerdictsAsAmtool) {
  const std::filesystem::path root = CACHESCOPE_SOURCE_DIR "/../shared/conformance/alertmanager";
  std::ifstream file(root / "config-amtool-0.33.1-verdicts.json");
  if (!file) GTEST_SKIP() << "no conformance material at " << root;
  const auto verdicts = nlohmann::json::parse(file);
  int checked = 0;
  for (const auto& [name, verdict] : verdicts.items()) {
    const auto node = ConfigNode::ReadFile((root / name).string());
    Status status = node.status();
    if (node.ok()) status = ParseNotifierConfig(*node).status();
    EXPECT_EQ(status.ok(), verdict.at("ok").get<bool>())
        << name << "\nours: " << status.ToString() << "\namtool: " << verdict.value("error", "");
    ++checked;
  }
  EXPECT_EQ(checked, 50);
}

}  // namespace
}  // namespace cachescope::notify
