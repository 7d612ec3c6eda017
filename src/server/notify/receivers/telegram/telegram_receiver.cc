#include "server/notify/receivers/telegram/telegram_receiver.h"

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxCharacters = 4096;

// {"parameters": {"retry_after": SECONDS}} of a 429.
std::optional<DurationMs> RetryAfterOf(const std::string& body) {
  const Json said = Json::parse(body, nullptr, false);
  if (!said.is_object() || !said.contains("parameters") || !said["parameters"].is_object()) return std::nullopt;
  const Json& after = said["parameters"].value("retry_after", Json());
  if (!after.is_number()) return std::nullopt;
  const double seconds = after.get<double>();
  if (!(seconds >= 0 && seconds < 1e6)) return std::nullopt;
  return static_cast<DurationMs>(seconds * 1000);
}

class TelegramIntegration final : public Integration {
 public:
  explicit TelegramIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "telegram"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Telegram", settings_, notification, context);
    Rendering r(notification, context);
    const auto token = settings_.Value("bot_token");
    if (!token.ok()) return CannotSend("Telegram", token.status());
    auto chat = settings_.Value("chat_id");
    if (!chat.ok()) return CannotSend("Telegram", chat.status());
    sender.Hide(*token);
    std::string base = settings_.Text("api_url");
    while (base.ends_with('/')) base.pop_back();
    HttpMessage message;
    message.url = base + "/bot" + *token + "/sendMessage";
    message.body = Dump(BodyFor(std::move(*chat), &r));
    http::Response answer;
    NotifyResult result = sender.Send(std::move(message), &answer);
    if (result.reason == FailureReason::kRateLimited && !result.retry_after)
      result.retry_after = RetryAfterOf(answer.body);
    return result;
  }

 private:
  Json BodyFor(std::string chat, Rendering* r) const {
    const std::string& mode = settings_.Text("parse_mode");
    Json out = {{"chat_id", std::move(chat)}, {"text", TextFor(mode, r)}};
    PutText(&out, "parse_mode", mode);
    out["disable_web_page_preview"] = true;
    if (settings_.Bool("disable_notifications")) out["disable_notification"] = true;
    if (settings_.Int("message_thread_id") != 0) out["message_thread_id"] = settings_.Int("message_thread_id");
    return out;
  }

  std::string TextFor(const std::string& mode, Rendering* r) const {
    const std::string& text = settings_.Text("message");
    if (mode != "HTML") return CutToCharacters(r->Text(text), kMaxCharacters);
    std::string html = r->Html(text);
    if (CountCharacters(html) <= kMaxCharacters) return html;
    // Half of a markup would be refused.
    return EscapeHtml(r->Summary()) + " (the message is longer than Telegram takes)";
  }

  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeTelegramIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<TelegramIntegration>(settings));
}

}  // namespace cachescope::notify
