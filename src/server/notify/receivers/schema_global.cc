#include "server/notify/receivers/schemas.h"

namespace cachescope::notify {

using enum FieldType;

const Schema& GlobalSchema() {
  static const Schema kSchema = {
      "global",
      "global",
      true,
      {{"resolve_timeout", kDuration, 0, "5m"},
       {"http_config", kHttp},
       {"jira_api_url", kUrl},
       {"smtp_from", kTemplate},
       {"smtp_hello", kText, 0, "localhost"},
       {"smtp_smarthost", kHostPort},
       {"smtp_auth_username", kText},
       {"smtp_auth_password", kSecret, kOrFile},
       {"smtp_auth_secret", kSecret, kOrFile},
       {"smtp_auth_identity", kText},
       {"smtp_require_tls", kBool, 0, "true"},
       {"smtp_tls_config", kTls},
       {"smtp_force_implicit_tls", kBool},
       {"slack_api_url", kSecretUrl, kOrFile},
       {"slack_app_token", kSecret, kOrFile},
       {"slack_app_url", kUrl, 0, "https://slack.com/api/chat.postMessage"},
       {"pagerduty_url", kUrl, 0, "https://events.pagerduty.com/v2/enqueue"},
       {"opsgenie_api_url", kUrl, 0, "https://api.opsgenie.com/"},
       {"opsgenie_api_key", kSecret, kOrFile},
       {"wechat_api_url", kUrl, 0, "https://qyapi.weixin.qq.com/cgi-bin/"},
       {"wechat_api_secret", kSecret, kOrFile},
       {"wechat_api_corp_id", kText},
       {"victorops_api_url", kUrl, 0, "https://alert.victorops.com/integrations/generic/20131114/alert/"},
       {"victorops_api_key", kSecret, kOrFile},
       {"telegram_api_url", kUrl, 0, "https://api.telegram.org"},
       {"telegram_bot_token", kSecret, kOrFile},
       {"webex_api_url", kUrl, 0, "https://webexapis.com/v1/messages"},
       {"rocketchat_api_url", kUrl, 0, "https://open.rocket.chat/"},
       {"rocketchat_token", kSecret, kOrFile},
       {"rocketchat_token_id", kSecret, kOrFile},
       {"mattermost_webhook_url", kSecretUrl, kOrFile}},
      CheckGlobal};
  return kSchema;
}

std::vector<std::string> SecretKeys() {
  // Of the sections that every schema shares.
  std::vector<std::string> out = {"password",   "credentials", "bearer_token", "client_secret",
                                  "secret_key", "secrets",     "access_key"};
  const auto add = [&out](const Schema& schema) {
    for (const FieldSpec& field : schema.fields) {
      if (field.type == FieldType::kSecret || field.type == FieldType::kSecretUrl) out.emplace_back(field.key);
    }
  };
  add(GlobalSchema());
  for (const Schema& schema : IntegrationSchemas()) add(schema);
  return out;
}

}  // namespace cachescope::notify
