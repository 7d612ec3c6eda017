#include "server/notify/receivers/slack/slack_receiver.h"

#include <map>
#include <mutex>

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxTitleCharacters = 1024;
constexpr std::size_t kMaxMessages = 10'000;  // remembered for update_message
constexpr const char* kUpdateUrl = "https://slack.com/api/chat.update";

bool HasEither(const Settings& settings, const std::string& key) {
  return settings.Has(key) || settings.Has(key + "_file");
}
bool StatedEither(const Settings& settings, const std::string& key) {
  return settings.Stated(key) || settings.Stated(key + "_file");
}

// Whose URL and token count. A token of our own or of `global:` goes to app_url, unless this section says otherwise.
struct Endpoint {
  std::string url;
  std::string token;
};

Result<Endpoint> EndpointOf(const Settings& settings) {
  Endpoint out;
  const Settings& global = settings.global();
  if (StatedEither(settings, "api_url")) {
    CACHESCOPE_ASSIGN_OR_RETURN(out.url, settings.Value("api_url"));
    return out;
  }
  const bool own = HasEither(settings, "app_token");
  const bool authorized = settings.Stated("http_config") && settings.http().authorized;
  if (own || (HasEither(global, "slack_app_token") && !authorized)) {
    out.url = settings.Text("app_url");
    CACHESCOPE_ASSIGN_OR_RETURN(out.token, own ? settings.Value("app_token") : global.Value("slack_app_token"));
    return out;
  }
  CACHESCOPE_ASSIGN_OR_RETURN(out.url, global.Value("slack_api_url"));
  return out;
}

Json FieldsOf(const Settings& settings, Rendering* r) {
  Json out = Json::array();
  const ConfigNode* fields = settings.Tree("fields");
  if (fields == nullptr) return out;
  for (const ConfigNode& field : fields->items()) {
    Json item = Json::object();
    PutText(&item, "title", r->Text(TextIn(field, "title")));
    PutText(&item, "value", r->Text(TextIn(field, "value")));
    const ConfigNode* is_short = field.Find("short");
    item["short"] = is_short != nullptr ? is_short->AsBool().value_or(false) : settings.Bool("short_fields");
    out.push_back(std::move(item));
  }
  return out;
}

Json ActionOf(const ConfigNode& action, Rendering* r) {
  Json out = Json::object();
  PutText(&out, "type", r->Word(TextIn(action, "type")));
  PutText(&out, "text", r->Text(TextIn(action, "text")));
  PutText(&out, "style", r->Word(TextIn(action, "style")));
  if (!TextIn(action, "url").empty()) {  // a link has no other fields
    PutText(&out, "url", r->Word(TextIn(action, "url")));
    return out;
  }
  PutText(&out, "name", r->Word(TextIn(action, "name")));
  PutText(&out, "value", r->Word(TextIn(action, "value")));
  const ConfigNode* confirm = action.Find("confirm");
  if (confirm == nullptr || !confirm->IsMapping()) return out;
  Json ask = Json::object();
  for (const char* key : {"text", "title", "ok_text", "dismiss_text"})
    PutText(&ask, key, r->Text(TextIn(*confirm, key)));
  out["confirm"] = std::move(ask);
  return out;
}

Json AttachmentOf(const Settings& s, Rendering* r) {
  Json out = Json::object();
  PutText(&out, "title", CutToCharacters(r->Text(s.Text("title")), kMaxTitleCharacters));
  PutText(&out, "title_link", r->Word(s.Text("title_link")));
  PutText(&out, "pretext", r->Text(s.Text("pretext")));
  out["text"] = r->Text(s.Text("text"));
  out["fallback"] = r->Text(s.Text("fallback"));
  out["callback_id"] = r->Word(s.Text("callback_id"));
  if (Json fields = FieldsOf(s, r); !fields.empty()) out["fields"] = std::move(fields);
  if (const ConfigNode* actions = s.Tree("actions"); actions != nullptr && !actions->items().empty()) {
    for (const ConfigNode& action : actions->items()) out["actions"].push_back(ActionOf(action, r));
  }
  PutText(&out, "image_url", r->Word(s.Text("image_url")));
  PutText(&out, "thumb_url", r->Word(s.Text("thumb_url")));
  out["footer"] = r->Text(s.Text("footer"));
  PutText(&out, "color", r->Word(s.Text("color")));
  const std::vector<std::string> markdown = s.List("mrkdwn_in");
  out["mrkdwn_in"] = markdown.empty() ? std::vector<std::string>{"fallback", "pretext", "text"} : markdown;
  return out;
}

Json MessageOf(const Settings& s, Rendering* r) {
  Json out = Json::object();
  PutText(&out, "channel", r->Address(s.Text("channel")));
  PutText(&out, "username", r->Word(s.Text("username")));
  PutText(&out, "icon_emoji", r->Word(s.Text("icon_emoji")));
  PutText(&out, "icon_url", r->Word(s.Text("icon_url")));
  if (s.Bool("link_names")) out["link_names"] = true;
  PutText(&out, "text", r->Text(s.Text("message_text")));
  out["attachments"] = Json::array({AttachmentOf(s, r)});
  return out;
}

class SlackIntegration final : public Integration {
 public:
  explicit SlackIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "slack"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Slack", settings_, notification, context);
    Rendering rendering(notification, context);
    auto endpoint = EndpointOf(settings_);
    if (!endpoint.ok()) return CannotSend("Slack", endpoint.status());
    Json body = MessageOf(settings_, &rendering);
    if (!rendering.status().ok()) return CannotSend("Slack", rendering.status(), FailureReason::kTemplate);
    HttpMessage message;
    message.url = endpoint->url;
    if (settings_.Bool("update_message")) UseMessage(notification.group_key, &message, &body);
    message.body = Dump(body);
    if (!endpoint->token.empty()) message.headers.emplace_back("Authorization", "Bearer " + endpoint->token);
    sender.Hide(endpoint->token);
    http::Response answer;
    NotifyResult result = sender.Send(std::move(message), &answer);
    return result.status.ok() ? Check(notification.group_key, answer, sender) : result;
  }

 private:
  struct Message {
    std::string channel;
    std::string timestamp;
  };

  // Edits the message of the group when there is one.
  void UseMessage(const std::string& group, HttpMessage* message, Json* body) {
    const std::lock_guard lock(mu_);
    const auto found = messages_.find(group);
    if (found == messages_.end()) return;
    message->url = kUpdateUrl;
    (*body)["channel"] = found->second.channel;
    (*body)["ts"] = found->second.timestamp;
  }

  NotifyResult Check(const std::string& group, const http::Response& answer, const HttpSender& sender) {
    if (!http::FindHeader(answer.headers, "Content-Type").starts_with("application/json"))
      return answer.body == "ok" ? NotifyResult() : sender.Refused(answer.body);
    const Json said = Json::parse(answer.body, nullptr, false);
    if (!said.is_object()) {
      return NotifyResult::Failed(Unavailable("Slack answered what is not JSON"), FailureReason::kServerError, true);
    }
    const auto text = [&said](const char* key) {
      const auto found = said.find(key);
      return found != said.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto ok = said.find("ok");
    if (ok == said.end() || *ok != true) return sender.Refused(text("error"));
    if (settings_.Bool("update_message") && !text("ts").empty() && !text("channel").empty()) {
      const std::lock_guard lock(mu_);
      if (messages_.size() >= kMaxMessages) messages_.clear();
      messages_[group] = {text("channel"), text("ts")};
    }
    return {};
  }

  const Settings settings_;
  std::mutex mu_;
  std::map<std::string, Message> messages_;  // by group; guarded by mu_
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeSlackIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<SlackIntegration>(settings));
}

}  // namespace cachescope::notify
