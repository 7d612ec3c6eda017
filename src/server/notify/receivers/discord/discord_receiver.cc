#include "server/notify/receivers/discord/discord_receiver.h"

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

// https://discord.com/developers/docs/resources/message#embed-object-embed-limits
constexpr std::size_t kMaxTitleCharacters = 256;
constexpr std::size_t kMaxMessageCharacters = 4096;
constexpr std::size_t kMaxContentCharacters = 2000;
constexpr int kRed = 0x992D22;
constexpr int kGreen = 0x2ECC71;

class DiscordIntegration final : public Integration {
 public:
  explicit DiscordIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "discord"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Discord", settings_, notification, context);
    Rendering r(notification, context);
    auto url = settings_.Value("webhook_url");
    if (!url.ok()) return CannotSend("Discord", url.status());
    const Json embed = {{"title", CutToCharacters(r.Text(settings_.Text("title")), kMaxTitleCharacters)},
                        {"description", CutToCharacters(r.Text(settings_.Text("message")), kMaxMessageCharacters)},
                        {"color", notification.firing ? kRed : kGreen}};
    Json body = {{"content", CutToCharacters(r.Text(settings_.Text("content")), kMaxContentCharacters)},
                 {"embeds", Json::array({embed})}};
    PutText(&body, "username", r.Word(settings_.Text("username")));
    PutText(&body, "avatar_url", r.Word(settings_.Text("avatar_url")));
    HttpMessage message;
    message.url = std::move(*url);
    message.body = Dump(body);
    return sender.Send(std::move(message));
  }

 private:
  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeDiscordIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<DiscordIntegration>(settings));
}

}  // namespace cachescope::notify
