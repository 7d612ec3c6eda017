#include "server/notify/receivers/schemas.h"

namespace cachescope::notify {
namespace {

using enum FieldType;

constexpr unsigned kKeyOrFile = kOrFile | kNeeded;
const FieldSpec kHttpConfig{"http_config", kHttp};

Schema Discord() {
  return {"discord_configs",
          "discord",
          true,
          {kHttpConfig,
           {"webhook_url", kSecretUrl, kKeyOrFile},
           {"content", kTemplate},
           {"title", kTemplate, 0, R"({{ template "discord.default.title" . }})"},
           {"message", kTemplate, 0, R"({{ template "discord.default.message" . }})"},
           {"username", kTemplate},
           {"avatar_url", kTemplate}}};
}

Schema Email() {
  return {"email_configs",
          "email",
          false,
          {{"to", kTemplate, kNeeded},
           {"from", kTemplate, kNeeded, "", "smtp_from"},
           {"hello", kText, 0, "", "smtp_hello"},
           {"smarthost", kHostPort, kNeeded, "", "smtp_smarthost"},
           {"auth_username", kText, 0, "", "smtp_auth_username"},
           {"auth_password", kSecret, kOrFile, "", "smtp_auth_password"},
           {"auth_secret", kSecret, kOrFile, "", "smtp_auth_secret"},
           {"auth_identity", kText, 0, "", "smtp_auth_identity"},
           {"headers", kTextMap},
           {"html", kTemplate, 0, R"({{ template "email.default.html" . }})"},
           {"text", kTemplate},
           {"require_tls", kBool, 0, "true", "smtp_require_tls"},
           {"force_implicit_tls", kBool, 0, "", "smtp_force_implicit_tls"},
           {"tls_config", kTls, 0, "", "smtp_tls_config"},
           {"threading", kTree}},
          CheckEmail};
}

Schema Incidentio() {
  return {"incidentio_configs",
          "incidentio",
          true,
          {kHttpConfig,
           {"url", kUrl, kKeyOrFile},
           {"alert_source_token", kSecret, kOrFile},
           {"max_alerts", kInt},
           {"timeout", kGoDuration}},
          CheckIncidentio};
}

Schema Pagerduty() {
  return {"pagerduty_configs",
          "pagerduty",
          true,
          {kHttpConfig,
           {"service_key", kSecret, kOrFile},
           {"routing_key", kSecret, kOrFile},
           {"url", kUrl, kNeeded, "", "pagerduty_url"},
           {"client", kTemplate, 0, R"({{ template "pagerduty.default.client" . }})"},
           {"client_url", kTemplate, 0, R"({{ template "pagerduty.default.clientURL" . }})"},
           {"description", kTemplate, 0, R"({{ template "pagerduty.default.description" .}})"},
           {"details", kTree},
           {"images", kTree},
           {"links", kTree},
           {"source", kTemplate},
           {"severity", kTemplate},
           {"class", kTemplate},
           {"component", kTemplate},
           {"group", kTemplate},
           {"timeout", kGoDuration}},
          CheckPagerduty};
}

Schema Slack() {
  return {"slack_configs",
          "slack",
          false,
          {kHttpConfig,
           {"api_url", kSecretUrl, kOrFile},
           {"app_token", kSecret, kOrFile},
           {"app_url", kUrl, kNeeded, "", "slack_app_url"},
           {"channel", kTemplate},
           {"username", kTemplate, 0, R"({{ template "slack.default.username" . }})"},
           {"color", kTemplate, 0, R"({{ if eq .Status "firing" }}danger{{ else }}good{{ end }})"},
           {"title", kTemplate, 0, R"({{ template "slack.default.title" . }})"},
           {"title_link", kTemplate, 0, R"({{ template "slack.default.titlelink" . }})"},
           {"pretext", kTemplate, 0, R"({{ template "slack.default.pretext" . }})"},
           {"text", kTemplate, 0, R"({{ template "slack.default.text" . }})"},
           {"message_text", kTemplate},
           {"fields", kTree},
           {"short_fields", kBool},
           {"footer", kTemplate, 0, R"({{ template "slack.default.footer" . }})"},
           {"fallback", kTemplate, 0, R"({{ template "slack.default.fallback" . }})"},
           {"callback_id", kTemplate, 0, R"({{ template "slack.default.callbackid" . }})"},
           {"icon_emoji", kTemplate, 0, R"({{ template "slack.default.iconemoji" . }})"},
           {"icon_url", kTemplate, 0, R"({{ template "slack.default.iconurl" . }})"},
           {"image_url", kTemplate},
           {"thumb_url", kTemplate},
           {"link_names", kBool},
           {"mrkdwn_in", kTextList},
           {"actions", kTree},
           {"update_message", kBool},
           {"timeout", kGoDuration}},
          CheckSlack};
}

Schema Webhook() {
  return {"webhook_configs",
          "webhook",
          true,
          {kHttpConfig,
           {"url", kSecretUrl, kKeyOrFile},
           {"max_alerts", kInt},
           {"timeout", kGoDuration},
           {"payload", kTree}}};
}

Schema Opsgenie() {
  return {"opsgenie_configs",
          "opsgenie",
          true,
          {kHttpConfig,
           {"api_key", kSecret, kKeyOrFile, "", "opsgenie_api_key"},
           {"api_url", kUrl, kNeeded, "", "opsgenie_api_url"},
           {"message", kTemplate, 0, R"({{ template "opsgenie.default.message" . }})"},
           {"description", kTemplate, 0, R"({{ template "opsgenie.default.description" . }})"},
           {"source", kTemplate, 0, R"({{ template "opsgenie.default.source" . }})"},
           {"details", kTextMap},
           {"entity", kTemplate},
           {"responders", kTree},
           {"actions", kTemplate},
           {"tags", kTemplate},
           {"note", kTemplate},
           {"priority", kTemplate},
           {"update_alerts", kBool}},
          CheckOpsgenie};
}

Schema Wechat() {
  return {"wechat_configs",
          "wechat",
          false,
          {kHttpConfig,
           {"api_secret", kSecret, kKeyOrFile, "", "wechat_api_secret"},
           {"corp_id", kText, kNeeded, "", "wechat_api_corp_id"},
           {"api_url", kUrl, kNeeded, "", "wechat_api_url"},
           {"message", kTemplate, 0, R"({{ template "wechat.default.message" . }})"},
           {"to_user", kTemplate, 0, R"({{ template "wechat.default.to_user" . }})"},
           {"to_party", kTemplate, 0, R"({{ template "wechat.default.to_party" . }})"},
           {"to_tag", kTemplate, 0, R"({{ template "wechat.default.to_tag" . }})"},
           {"agent_id", kTemplate, 0, R"({{ template "wechat.default.agent_id" . }})"},
           {"message_type", kText, 0, "text"}},
          CheckWechat};
}

Schema Pushover() {
  return {"pushover_configs",
          "pushover",
          true,
          {kHttpConfig,
           {"user_key", kSecret, kKeyOrFile},
           {"token", kSecret, kKeyOrFile},
           {"title", kTemplate, 0, R"({{ template "pushover.default.title" . }})"},
           {"message", kTemplate, 0, R"({{ template "pushover.default.message" . }})"},
           {"url", kTemplate, 0, R"({{ template "pushover.default.url" . }})"},
           {"url_title", kTemplate},
           {"device", kText},
           {"sound", kText},
           {"priority", kTemplate, 0, R"({{ if eq .Status "firing" }}2{{ else }}0{{ end }})"},
           {"retry", kGoDuration, 0, "1m"},
           {"expire", kGoDuration, 0, "1h"},
           {"ttl", kGoDuration},
           {"html", kBool},
           {"monospace", kBool}},
          CheckPushover};
}

Schema Victorops() {
  return {"victorops_configs",
          "victorops",
          true,
          {kHttpConfig,
           {"api_key", kSecret, kKeyOrFile, "", "victorops_api_key"},
           {"api_url", kUrl, kNeeded, "", "victorops_api_url"},
           {"routing_key", kTemplate, kNeeded},
           {"message_type", kTemplate, 0, "CRITICAL"},
           {"state_message", kTemplate, 0, R"({{ template "victorops.default.state_message" . }})"},
           {"entity_display_name", kTemplate, 0, R"({{ template "victorops.default.entity_display_name" . }})"},
           {"monitoring_tool", kTemplate, 0, R"({{ template "victorops.default.monitoring_tool" . }})"},
           {"custom_fields", kTextMap}},
          CheckVictorops};
}

Schema Sns() {
  return {"sns_configs",
          "sns",
          true,
          {kHttpConfig,
           {"api_url", kTemplate},
           {"sigv4", kTree},
           {"topic_arn", kTemplate},
           {"phone_number", kTemplate},
           {"target_arn", kTemplate},
           {"subject", kTemplate, 0, R"({{ template "sns.default.subject" . }})"},
           {"message", kTemplate, 0, R"({{ template "sns.default.message" . }})"},
           {"attributes", kTextMap},
           {"use_aws_http_client", kBool}},
          CheckSns};
}

Schema Telegram() {
  return {"telegram_configs",
          "telegram",
          true,
          {kHttpConfig,
           {"api_url", kUrl, 0, "", "telegram_api_url"},
           {"bot_token", kSecret, kKeyOrFile, "", "telegram_bot_token"},
           {"chat_id", kInt, kOrFile},
           {"message_thread_id", kInt},
           {"message", kTemplate, 0, R"({{ template "telegram.default.message" . }})"},
           {"disable_notifications", kBool},
           {"parse_mode", kText, 0, "HTML"}},
          CheckTelegram};
}

Schema Webex() {
  return {"webex_configs",
          "webex",
          true,
          {kHttpConfig,
           {"api_url", kUrl, kNeeded, "", "webex_api_url"},
           {"message", kTemplate, 0, R"({{ template "webex.default.message" . }})"},
           {"room_id", kText, kNeeded}},
          CheckWebex};
}

Schema Msteams() {
  return {"msteams_configs",
          "msteams",
          true,
          {kHttpConfig,
           {"webhook_url", kSecretUrl, kKeyOrFile},
           {"title", kTemplate, 0, R"({{ template "msteams.default.title" . }})"},
           {"summary", kTemplate, 0, R"({{ template "msteams.default.summary" . }})"},
           {"text", kTemplate, 0, R"({{ template "msteams.default.text" . }})"}}};
}

Schema MsteamsV2() {
  return {"msteamsv2_configs",
          "msteamsv2",
          true,
          {kHttpConfig,
           {"webhook_url", kSecretUrl, kKeyOrFile},
           {"title", kTemplate, 0, R"({{ template "msteamsv2.default.title" . }})"},
           {"text", kTemplate, 0, R"({{ template "msteamsv2.default.text" . }})"}}};
}

Schema Jira() {
  return {"jira_configs",
          "jira",
          true,
          {kHttpConfig,
           {"api_url", kUrl, kNeeded, "", "jira_api_url"},
           {"api_type", kText, 0, "auto"},
           {"project", kTemplate, kNeeded},
           {"summary", kTree},
           {"description", kTree},
           {"labels", kTextList},
           {"priority", kTemplate, 0, R"({{ template "jira.default.priority" . }})"},
           {"issue_type", kTemplate, kNeeded},
           {"reopen_transition", kTemplate},
           {"resolve_transition", kTemplate},
           {"wont_fix_resolution", kTemplate},
           {"reopen_duration", kDuration},
           {"fields", kTree},
           {"custom_fields", kTree}},
          CheckJira};
}

Schema Rocketchat() {
  return {"rocketchat_configs",
          "rocketchat",
          false,
          {kHttpConfig,
           {"api_url", kUrl, 0, "", "rocketchat_api_url"},
           {"token_id", kSecret, kKeyOrFile, "", "rocketchat_token_id"},
           {"token", kSecret, kKeyOrFile, "", "rocketchat_token"},
           {"channel", kTemplate},
           {"color", kTemplate, 0, R"({{ if eq .Status "firing" }}red{{ else }}green{{ end }})"},
           {"title", kTemplate, 0, R"({{ template "rocketchat.default.title" . }})"},
           {"title_link", kTemplate, 0, R"({{ template "rocketchat.default.titlelink" . }})"},
           {"text", kTemplate, 0, R"({{ template "rocketchat.default.text" . }})"},
           {"fields", kTree},
           {"short_fields", kBool},
           {"emoji", kTemplate, 0, R"({{ template "rocketchat.default.emoji" . }})"},
           {"icon_url", kTemplate, 0, R"({{ template "rocketchat.default.iconurl" . }})"},
           {"image_url", kTemplate},
           {"thumb_url", kTemplate},
           {"link_names", kBool},
           {"actions", kTree}}};
}

Schema Mattermost() {
  return {"mattermost_configs",
          "mattermost",
          true,
          {kHttpConfig,
           {"webhook_url", kSecretUrl, kKeyOrFile, "", "mattermost_webhook_url"},
           {"channel", kTemplate},
           {"username", kTemplate, 0, R"({{ template "mattermost.default.username" . }})"},
           {"text", kTemplate, 0, R"({{ template "mattermost.default.text" . }})"},
           {"fallback", kTemplate, 0, R"({{ template "mattermost.default.fallback" . }})"},
           {"color", kTemplate, 0, R"({{ if eq .Status "firing" }}danger{{ else }}good{{ end }})"},
           {"pretext", kTemplate},
           {"author_name", kTemplate},
           {"author_link", kTemplate},
           {"author_icon", kTemplate},
           {"title", kTemplate, 0, R"({{ template "mattermost.default.title" . }})"},
           {"title_link", kTemplate, 0, R"({{ template "mattermost.default.titlelink" . }})"},
           {"fields", kTree},
           {"thumb_url", kTemplate},
           {"footer", kTemplate},
           {"footer_icon", kTemplate},
           {"image_url", kTemplate},
           {"icon_url", kTemplate},
           {"icon_emoji", kTemplate},
           {"attachments", kTree},
           {"type", kTemplate},
           {"props", kTree},
           {"priority", kTree}},
          CheckMattermost};
}

}  // namespace

const std::vector<Schema>& IntegrationSchemas() {
  static const std::vector<Schema> kSchemas = {Discord(),
                                               Email(),
                                               Incidentio(),
                                               Pagerduty(),
                                               Slack(),
                                               Webhook(),
                                               Opsgenie(),
                                               Wechat(),
                                               Pushover(),
                                               Victorops(),
                                               Sns(),
                                               Telegram(),
                                               Webex(),
                                               Msteams(),
                                               MsteamsV2(),
                                               Jira(),
                                               Rocketchat(),
                                               Mattermost(),
                                               {"log_configs", "log", true, {}}};
  return kSchemas;
}

}  // namespace cachescope::notify
