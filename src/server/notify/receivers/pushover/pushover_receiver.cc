#include "server/notify/receivers/pushover/pushover_receiver.h"

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr const char* kUrl = "https://api.pushover.net/1/messages.json";
constexpr std::size_t kMaxTitleCharacters = 250;
constexpr std::size_t kMaxMessageCharacters = 1024;
constexpr std::size_t kMaxUrlCharacters = 512;

std::string Trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

class PushoverIntegration final : public Integration {
 public:
  explicit PushoverIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "pushover"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Pushover", settings_, notification, context);
    Rendering r(notification, context);
    const auto token = settings_.Value("token");
    if (!token.ok()) return CannotSend("Pushover", token.status());
    const auto user = settings_.Value("user_key");
    if (!user.ok()) return CannotSend("Pushover", user.status());
    HttpMessage message;
    message.url = kUrl;
    message.content_type = "application/x-www-form-urlencoded";
    const auto add = [&message](std::string_view key, const std::string& value) {
      if (!message.body.empty()) message.body += '&';
      message.body += std::string(key) + "=" + http::UrlEncode(value);
    };
    add("token", r.Address(*token));
    add("user", r.Address(*user));
    if (!r.status().ok()) return CannotSend("Pushover", r.status(), FailureReason::kTemplate);
    sender.Hide(*token);
    sender.Hide(*user);
    AddTexts(add, &r);
    add("priority", r.Word(settings_.Text("priority")));
    add("retry", std::to_string(settings_.Duration("retry") / 1000));
    add("expire", std::to_string(settings_.Duration("expire") / 1000));
    add("device", r.Word(settings_.Text("device")));
    add("sound", r.Word(settings_.Text("sound")));
    if (settings_.Duration("ttl") >= 1000) add("ttl", std::to_string(settings_.Duration("ttl") / 1000));
    return sender.Send(std::move(message));
  }

 private:
  template <typename Add>
  void AddTexts(const Add& add, Rendering* r) const {
    const bool html = settings_.Bool("html");
    add("title", CutToCharacters(r->Text(settings_.Text("title")), kMaxTitleCharacters));
    if (html) add("html", "1");
    if (settings_.Bool("monospace")) add("monospace", "1");
    const std::string& text = settings_.Text("message");
    const std::string message = Trimmed(CutToCharacters(html ? r->Html(text) : r->Text(text), kMaxMessageCharacters));
    add("message", message.empty() ? "(no details)" : message);
    add("url", CutToCharacters(r->Word(settings_.Text("url")), kMaxUrlCharacters));
    add("url_title", r->Text(settings_.Text("url_title")));
  }

  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakePushoverIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<PushoverIntegration>(settings));
}

}  // namespace cachescope::notify
