#include "server/notify/receivers/wechat/wechat_receiver.h"

#include <chrono>
#include <mutex>

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"

namespace cachescope::notify {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::hours kTokenLife{2};
// errcode of an access token that is over, unknown or missing.
constexpr int kStaleToken[] = {40014, 41001, 42001};

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

class WechatIntegration final : public Integration {
 public:
  explicit WechatIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "wechat"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("WeChat", settings_, notification, context);
    Rendering r(notification, context);
    const auto secret = settings_.Value("api_secret");
    if (!secret.ok()) return CannotSend("WeChat", secret.status());
    sender.Hide(*secret);
    const Json body = BodyFor(&r);
    if (!r.status().ok()) return CannotSend("WeChat", r.status(), FailureReason::kTemplate);
    std::string token = Token();
    if (token.empty()) {
      if (NotifyResult result = AskToken(&sender, *secret, &token); !result.status.ok()) return result;
    }
    HttpMessage message;
    message.url = Base() + "message/send?access_token=" + http::UrlEncode(token);
    message.body = Dump(body);
    sender.Hide(token);
    http::Response answer;
    NotifyResult result = sender.Send(std::move(message), &answer);
    return result.status.ok() ? Check(answer, sender) : result;
  }

 private:
  std::string Base() const {
    const std::string& url = settings_.Text("api_url");
    return url.ends_with('/') ? url : url + "/";
  }

  std::string Token() {
    const std::lock_guard lock(mu_);
    return steady_clock::now() < until_ ? token_ : std::string();
  }

  NotifyResult AskToken(HttpSender* sender, const std::string& secret, std::string* token) {
    HttpMessage message;
    message.method = "GET";
    message.content_type.clear();
    message.url = Base() + "gettoken?corpid=" + http::UrlEncode(settings_.Text("corp_id")) +
                  "&corpsecret=" + http::UrlEncode(secret);
    http::Response answer;
    NotifyResult result = sender->Send(std::move(message), &answer);
    if (!result.status.ok()) return result;
    const Json said = Json::parse(answer.body, nullptr, false);
    *token = TextOf(said, "access_token");
    if (token->empty()) return sender->Refused("no access token: " + TextOf(said, "errmsg"));
    const std::lock_guard lock(mu_);
    token_ = *token;
    until_ = steady_clock::now() + kTokenLife;
    return {};
  }

  NotifyResult Check(const http::Response& answer, const HttpSender& sender) {
    const Json said = Json::parse(answer.body, nullptr, false);
    const Json code = said.is_object() ? said.value("errcode", Json()) : Json();
    if (!code.is_number_integer()) {
      return NotifyResult::Failed(Unavailable("WeChat answered what is not JSON"), FailureReason::kServerError, true);
    }
    if (code == 0) return {};
    NotifyResult result = sender.Refused(TextOf(said, "errmsg"));
    for (const int stale : kStaleToken) {
      if (code != stale) continue;
      const std::lock_guard lock(mu_);
      token_.clear();
      until_ = {};
      result.retry = true;
    }
    return result;
  }

  Json BodyFor(Rendering* r) const {
    const bool markdown = settings_.Text("message_type") == "markdown";
    const std::string text = r->Text(settings_.Text("message"));
    Json out = {{"text", Json{{"content", markdown ? "" : text}}}};
    PutText(&out, "touser", r->Address(settings_.Text("to_user")));
    PutText(&out, "toparty", r->Address(settings_.Text("to_party")));
    PutText(&out, "totag", r->Address(settings_.Text("to_tag")));
    PutText(&out, "agentid", r->Address(settings_.Text("agent_id")));
    out["safe"] = "0";
    PutText(&out, "msgtype", settings_.Text("message_type"));
    out["markdown"] = Json{{"content", markdown ? text : ""}};
    return out;
  }

  const Settings settings_;
  std::mutex mu_;
  std::string token_;                 // guarded by mu_
  steady_clock::time_point until_{};  // guarded by mu_
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeWechatIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<WechatIntegration>(settings));
}

}  // namespace cachescope::notify
