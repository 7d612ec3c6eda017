// What upstream refuses and a table of fields cannot say.
#include <algorithm>
#include <set>

#include "server/notify/receivers/schemas.h"

namespace cachescope::notify {
namespace {

constexpr const char* kSlackAppUrl = "https://slack.com/api/chat.postMessage";

bool HasEither(const Settings& s, const std::string& key) { return s.Has(key) || s.Has(key + "_file"); }
bool StatedEither(const Settings& s, const std::string& key) { return s.Stated(key) || s.Stated(key + "_file"); }

bool OneOf(const std::string& value, std::initializer_list<const char*> allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const char* a) { return value == a; });
}

// Every item of a list of mappings has these keys with some text.
Status CheckItems(const ConfigNode* list, std::initializer_list<const char*> needed, const std::string& what) {
  if (list == nullptr) return {};
  if (!list->IsSequence()) return list->Error("expected a list of " + what);
  for (const ConfigNode& item : list->items()) {
    for (const char* key : needed) {
      const ConfigNode* value = item.Find(key);
      if (value == nullptr || !value->IsScalar() || value->scalar().empty())
        return item.Error(std::string("missing ") + key + " in " + what + " configuration");
    }
  }
  return {};
}

std::string CanonicalHeader(std::string name) {
  bool first = true;
  for (char& c : name) {
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!first && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    first = c == '-';
  }
  return name;
}

bool IsSet(const ConfigNode& node, const char* key) {
  const ConfigNode* found = node.Find(key);
  return found != nullptr && found->IsScalar() && !found->scalar().empty();
}

}  // namespace

Status CheckGlobal(const Settings& s, const ConfigNode& node, const Settings&) {
  if (HasEither(s, "slack_app_token") && HasEither(s, "slack_api_url") &&
      s.Text("slack_api_url") != s.Text("slack_app_url")) {
    return node.Error(
        "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured");
  }
  return {};
}

Status CheckEmail(const Settings& s, const ConfigNode& node, const Settings&) {
  std::set<std::string> names;
  for (const auto& [name, value] : s.Map("headers")) {
    const std::string canonical = CanonicalHeader(name);
    if (!names.insert(canonical).second) return node.Error("duplicate header \"" + canonical + "\" in email config");
  }
  const ConfigNode* threading = s.Tree("threading");
  if (threading == nullptr) return {};
  bool enabled = false;
  std::string by_date;
  CACHESCOPE_RETURN_IF_ERROR(
      MappingReader(*threading, "threading").Bool("enabled", &enabled).String("thread_by_date", &by_date).Finish());
  if (!enabled) return {};
  for (const char* header : {"References", "In-Reply-To"}) {
    if (names.count(header) != 0)
      return node.Error(std::string("threading writes the header ") + header + " itself; remove it from headers");
  }
  if (!OneOf(by_date, {"none", "daily"})) return threading->Error("thread_by_date must be \"none\" or \"daily\"");
  return {};
}

Status CheckSlack(const Settings& s, const ConfigNode& node, const Settings& global) {
  const bool url = StatedEither(s, "api_url");
  const bool token = StatedEither(s, "app_token");
  const bool authorized = s.Stated("http_config") && s.http().authorized;
  if (url && token)
    return node.Error("at most one of api_url/api_url_file & app_token/app_token_file must be configured");
  if (s.Bool("update_message") && s.Text("api_url") != kSlackAppUrl) {
    return node.Error(std::string("update_message can only be used with bot tokens. api_url must be set to ") +
                      kSlackAppUrl);
  }
  const bool inherits_token = HasEither(global, "slack_app_token") && !authorized && !s.Stated("api_url");
  if (!url && !token && !inherits_token && !HasEither(global, "slack_api_url"))
    return node.Error("no Slack API URL nor App token set either inline or in a file");
  if ((token || inherits_token) && s.http().authorized)
    return node.Error("http authorization can't be set when using Slack App tokens");
  CACHESCOPE_RETURN_IF_ERROR(CheckItems(s.Tree("fields"), {"title", "value"}, "Slack field"));
  CACHESCOPE_RETURN_IF_ERROR(CheckItems(s.Tree("actions"), {"type", "text"}, "Slack action"));
  if (s.Tree("actions") == nullptr) return {};
  for (const ConfigNode& action : s.Tree("actions")->items()) {
    if (!IsSet(action, "url") && !IsSet(action, "name"))
      return action.Error("missing name or url in Slack action configuration");
    const ConfigNode* confirm = action.Find("confirm");
    if (confirm != nullptr && !confirm->IsNull() && !IsSet(*confirm, "text"))
      return confirm->Error("missing text in Slack confirmation configuration");
  }
  return {};
}

Status CheckPagerduty(const Settings& s, const ConfigNode& node, const Settings&) {
  if (!HasEither(s, "routing_key") && !HasEither(s, "service_key"))
    return node.Error("missing service or routing key in PagerDuty config");
  return {};
}

Status CheckOpsgenie(const Settings& s, const ConfigNode&, const Settings&) {
  const ConfigNode* responders = s.Tree("responders");
  if (responders == nullptr) return {};
  if (!responders->IsSequence()) return responders->Error("expected a list of responders");
  for (const ConfigNode& item : responders->items()) {
    std::string id, name, username, type;
    CACHESCOPE_RETURN_IF_ERROR(MappingReader(item, "responder")
                                   .String("id", &id)
                                   .String("name", &name)
                                   .String("username", &username)
                                   .String("type", &type)
                                   .Finish());
    if (id.empty() && name.empty() && username.empty())
      return item.Error("a responder has to have at least one of id, username or name specified");
    std::transform(type.begin(), type.end(), type.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (type.find("{{") == std::string::npos && !OneOf(type, {"team", "teams", "user", "escalation", "schedule"}))
      return item.Error("type of a responder must be team, teams, user, escalation or schedule");
  }
  return {};
}

Status CheckVictorops(const Settings& s, const ConfigNode& node, const Settings&) {
  for (const auto& [name, value] : s.Map("custom_fields")) {
    if (OneOf(name, {"routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool",
                     "entity_id", "entity_state"}))
      return node.Error("custom field " + name + " cannot be used as it conflicts with the fixed/static fields");
  }
  return {};
}

Status CheckPushover(const Settings& s, const ConfigNode& node, const Settings&) {
  if (s.Bool("html") && s.Bool("monospace")) return node.Error("at most one of monospace & html must be configured");
  return {};
}

Status CheckSns(const Settings& s, const ConfigNode& node, const Settings&) {
  // Upstream chains comparisons: one of them, or all three.
  if ((s.Has("target_arn") != s.Has("topic_arn")) == s.Has("phone_number"))
    return node.Error("must provide either a Target ARN, Topic ARN, or Phone Number for SNS config");
  return {};
}

Status CheckTelegram(const Settings& s, const ConfigNode& node, const Settings&) {
  if (s.Int("chat_id") == 0 && !s.Has("chat_id_file"))
    return node.Error("missing chat_id or chat_id_file on telegram_config");
  if (!OneOf(s.Text("parse_mode"), {"", "Markdown", "MarkdownV2", "HTML"})) {
    return node.Error("unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string");
  }
  return {};
}

Status CheckWebex(const Settings& s, const ConfigNode& node, const Settings&) {
  if (!s.Stated("http_config") || !s.http().authorized)
    return node.Error("missing webex_configs.http_config.authorization");
  return {};
}

Status CheckWechat(const Settings& s, const ConfigNode& node, const Settings&) {
  if (!OneOf(s.Text("message_type"), {"text", "markdown"})) return node.Error("message_type must be text or markdown");
  return {};
}

Status CheckJira(const Settings& s, const ConfigNode& node, const Settings&) {
  if (!OneOf(s.Text("api_type"), {"auto", "cloud", "datacenter"}))
    return node.Error("api_type must be auto, cloud or datacenter");
  return {};
}

Status CheckIncidentio(const Settings& s, const ConfigNode& node, const Settings&) {
  if (!s.Stated("http_config")) return {};
  const bool token = HasEither(s, "alert_source_token");
  if (s.http().authorized && token) {
    return node.Error(
        "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization");
  }
  if (!s.http().authorized && !token) {
    return node.Error(
        "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured");
  }
  return {};
}

Status CheckMattermost(const Settings& s, const ConfigNode&, const Settings&) {
  CACHESCOPE_RETURN_IF_ERROR(CheckItems(s.Tree("fields"), {"title", "value"}, "Mattermost field"));
  if (s.Tree("attachments") == nullptr) return {};
  for (const ConfigNode& item : s.Tree("attachments")->items())
    CACHESCOPE_RETURN_IF_ERROR(CheckItems(item.Find("fields"), {"title", "value"}, "Mattermost field"));
  return {};
}

}  // namespace cachescope::notify
