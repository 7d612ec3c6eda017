#include "server/notify/receivers/victorops/victorops_receiver.h"

#include "server/notify/receivers/digest.h"
#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxMessageCharacters = 20480;

class VictoropsIntegration final : public Integration {
 public:
  explicit VictoropsIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "victorops"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("VictorOps", settings_, notification, context);
    Rendering r(notification, context);
    const auto key = settings_.Value("api_key");
    if (!key.ok()) return CannotSend("VictorOps", key.status());
    sender.Hide(*key);
    std::string base = settings_.Text("api_url");
    if (!base.ends_with('/')) base += '/';
    HttpMessage message;
    message.url = base + *key + "/" + http::UrlEncode(r.Address(settings_.Text("routing_key")));
    if (!r.status().ok()) return CannotSend("VictorOps", r.status(), FailureReason::kTemplate);
    message.body = Dump(BodyFor(notification, &r));
    return sender.Send(std::move(message));
  }

 private:
  Json BodyFor(const Notification& notification, Rendering* r) const {
    std::string type = r->Word(settings_.Text("message_type"));
    if (type != "INFO" && type != "WARNING") type = "CRITICAL";
    if (!notification.firing) type = "RECOVERY";
    Json out = {{"message_type", std::move(type)},
                {"entity_id", GroupKeyHash(notification.group_key)},
                {"entity_display_name", r->Text(settings_.Text("entity_display_name"))},
                {"state_message", CutToCharacters(r->Text(settings_.Text("state_message")), kMaxMessageCharacters)},
                {"monitoring_tool", r->Word(settings_.Text("monitoring_tool"))}};
    for (const auto& [name, text] : settings_.Map("custom_fields")) out[name] = r->Text(text);
    return out;
  }

  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeVictoropsIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<VictoropsIntegration>(settings));
}

}  // namespace cachescope::notify
