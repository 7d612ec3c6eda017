#include "server/notify/receivers/incidentio/incidentio_receiver.h"

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/webhook/webhook_receiver.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxBodyBytes = 512 << 10;

class IncidentioIntegration final : public Integration {
 public:
  explicit IncidentioIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "incidentio"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("incident.io", settings_, notification, context);
    auto url = settings_.Value("url");
    if (!url.ok()) return CannotSend("incident.io", url.status());
    HttpMessage message;
    message.url = std::move(*url);
    if (settings_.Has("alert_source_token") || settings_.Has("alert_source_token_file")) {
      const auto token = settings_.Value("alert_source_token");
      if (!token.ok()) return CannotSend("incident.io", token.status());
      sender.Hide(*token);
      message.headers.emplace_back("Authorization", "Bearer " + *token);
    }
    message.body = BodyFor(Truncated(notification, static_cast<std::size_t>(settings_.Int("max_alerts"))));
    return sender.Send(std::move(message));
  }

 private:
  static std::string BodyFor(const Notification& notification) {
    Json body = WebhookJson(notification, "1");
    std::string out = Dump(body);
    if (out.size() <= kMaxBodyBytes || notification.alerts.size() < 2) return out;
    body["alerts"].erase(body["alerts"].begin() + 1, body["alerts"].end());
    body["truncatedAlerts"] = notification.truncated + notification.alerts.size() - 1;
    return Dump(body);
  }

  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeIncidentioIntegration(const Settings& settings, const ConfigNode& node) {
  if (settings.Int("max_alerts") < 0) return node.Error("max_alerts must not be negative");
  return std::unique_ptr<Integration>(std::make_unique<IncidentioIntegration>(settings));
}

}  // namespace cachescope::notify
