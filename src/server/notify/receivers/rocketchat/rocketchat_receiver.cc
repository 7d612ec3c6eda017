#include "server/notify/receivers/rocketchat/rocketchat_receiver.h"

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxTitleCharacters = 1024;

Json FieldsOf(const Settings& s, Rendering* r) {
  Json out = Json::array();
  const ConfigNode* fields = s.Tree("fields");
  if (fields == nullptr) return out;
  for (const ConfigNode& field : fields->items()) {
    const ConfigNode* is_short = field.Find("short");
    Json item = {{"short", is_short != nullptr ? is_short->AsBool().value_or(false) : s.Bool("short_fields")}};
    PutText(&item, "title", r->Text(TextIn(field, "title")));
    PutText(&item, "value", r->Text(TextIn(field, "value")));
    out.push_back(std::move(item));
  }
  return out;
}

Json ActionsOf(const Settings& s, Rendering* r) {
  Json out = Json::array();
  const ConfigNode* actions = s.Tree("actions");
  if (actions == nullptr) return out;
  for (const ConfigNode& action : actions->items()) {
    Json item = {{"type", "button"}};  // the only one there is
    PutText(&item, "text", r->Text(TextIn(action, "text")));
    PutText(&item, "url", r->Word(TextIn(action, "url")));
    item["is_webview"] = false;
    PutText(&item, "msg", r->Text(TextIn(action, "msg")));
    item["msg_in_chat_window"] = false;
    out.push_back(std::move(item));
  }
  return out;
}

class RocketchatIntegration final : public Integration {
 public:
  explicit RocketchatIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "rocketchat"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Rocket.Chat", settings_, notification, context);
    Rendering r(notification, context);
    const auto token = settings_.Value("token");
    if (!token.ok()) return CannotSend("Rocket.Chat", token.status());
    const auto user = settings_.Value("token_id");
    if (!user.ok()) return CannotSend("Rocket.Chat", user.status());
    sender.Hide(*token);
    sender.Hide(*user);
    std::string base = settings_.Text("api_url");
    if (!base.ends_with('/')) base += '/';
    HttpMessage message;
    message.url = base + "api/v1/chat.postMessage";
    message.headers = {{"X-Auth-Token", *token}, {"X-User-Id", *user}};
    message.body = Dump(BodyFor(&r));
    if (!r.status().ok()) return CannotSend("Rocket.Chat", r.status(), FailureReason::kTemplate);
    http::Response answer;
    NotifyResult result = sender.Send(std::move(message), &answer);
    if (!result.status.ok()) return result;
    const Json said = Json::parse(answer.body, nullptr, false);
    if (!said.is_object()) {
      return NotifyResult::Failed(Unavailable("Rocket.Chat answered what is not JSON"), FailureReason::kServerError,
                                  true);
    }
    const auto success = said.find("success");
    if (success != said.end() && *success == true) return {};
    const auto error = said.find("error");
    return sender.Refused(error != said.end() && error->is_string() ? error->get<std::string>() : "");
  }

 private:
  Json BodyFor(Rendering* r) const {
    Json attachment = Json::object();
    PutText(&attachment, "title", CutToCharacters(r->Text(settings_.Text("title")), kMaxTitleCharacters));
    PutText(&attachment, "title_link", r->Word(settings_.Text("title_link")));
    PutText(&attachment, "text", r->Text(settings_.Text("text")));
    PutText(&attachment, "image_url", r->Word(settings_.Text("image_url")));
    PutText(&attachment, "thumb_url", r->Word(settings_.Text("thumb_url")));
    PutText(&attachment, "color", r->Word(settings_.Text("color")));
    if (Json fields = FieldsOf(settings_, r); !fields.empty()) attachment["fields"] = std::move(fields);
    if (Json actions = ActionsOf(settings_, r); !actions.empty()) attachment["actions"] = std::move(actions);
    Json out = Json::object();
    PutText(&out, "channel", r->Address(settings_.Text("channel")));
    PutText(&out, "emoji", r->Word(settings_.Text("emoji")));
    PutText(&out, "avatar", r->Word(settings_.Text("icon_url")));
    out["attachments"] = Json::array({std::move(attachment)});
    return out;
  }

  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeRocketchatIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<RocketchatIntegration>(settings));
}

}  // namespace cachescope::notify
