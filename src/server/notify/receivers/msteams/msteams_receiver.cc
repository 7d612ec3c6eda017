#include "server/notify/receivers/msteams/msteams_receiver.h"

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"

namespace cachescope::notify {
namespace {

// https://learn.microsoft.com/en-us/outlook/actionable-messages/message-card-reference
Json MessageCard(const Settings& s, bool firing, Rendering* r) {
  return {{"@context", "http://schema.org/extensions"},
          {"type", "MessageCard"},
          {"title", r->Text(s.Text("title"))},
          {"summary", r->Text(s.Text("summary"))},
          {"text", r->Text(s.Text("text"))},
          {"themeColor", firing ? "8C1A1A" : "2DC72D"}};
}

// https://adaptivecards.io/explorer/AdaptiveCard.html
Json AdaptiveCard(const Settings& s, bool firing, Rendering* r) {
  const Json title = {{"type", "TextBlock"},
                      {"text", r->Text(s.Text("title"))},
                      {"weight", "Bolder"},
                      {"size", "Medium"},
                      {"wrap", true},
                      {"style", "heading"},
                      {"color", firing ? "Attention" : "Good"}};
  const Json text = {{"type", "TextBlock"}, {"text", r->Text(s.Text("text"))}, {"wrap", true}};
  const Json content = {{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                        {"type", "AdaptiveCard"},
                        {"version", "1.2"},
                        {"body", Json::array({title, text})},
                        {"msteams", Json{{"width", "full"}}}};
  const Json attachment = {
      {"contentType", "application/vnd.microsoft.card.adaptive"}, {"contentUrl", nullptr}, {"content", content}};
  return {{"type", "message"}, {"attachments", Json::array({attachment})}};
}

class MsteamsIntegration final : public Integration {
 public:
  MsteamsIntegration(Settings settings, bool workflow) : settings_(std::move(settings)), workflow_(workflow) {}
  std::string_view name() const override { return workflow_ ? "msteamsv2" : "msteams"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Microsoft Teams", settings_, notification, context);
    Rendering r(notification, context);
    auto url = settings_.Value("webhook_url");
    if (!url.ok()) return CannotSend("Microsoft Teams", url.status());
    HttpMessage message;
    message.url = std::move(*url);
    message.body = Dump(workflow_ ? AdaptiveCard(settings_, notification.firing, &r)
                                  : MessageCard(settings_, notification.firing, &r));
    http::Response answer;
    NotifyResult result = sender.Send(std::move(message), &answer);
    if (result.status.ok() && answer.body.find("returned HTTP error 429") != std::string::npos) {
      return NotifyResult::Failed(Unavailable("Microsoft Teams answered 200 with the text of a 429"),
                                  FailureReason::kRateLimited, true);
    }
    return result;
  }

 private:
  const Settings settings_;
  const bool workflow_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeMsteamsIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<MsteamsIntegration>(settings, false));
}

Result<std::unique_ptr<Integration>> MakeMsteamsV2Integration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<MsteamsIntegration>(settings, true));
}

}  // namespace cachescope::notify
