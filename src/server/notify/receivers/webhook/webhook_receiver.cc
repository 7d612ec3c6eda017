#include "server/notify/receivers/webhook/webhook_receiver.h"

#include "base/rfc3339.h"
#include "server/notify/fingerprint.h"
#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/template/notification_data.h"

namespace cachescope::notify {
namespace {

Json Object(const Labels& labels) {
  Json out = Json::object();
  for (const LabelView& label : labels) out[std::string(label.name)] = std::string(label.value);
  return out;
}

class WebhookIntegration final : public Integration {
 public:
  explicit WebhookIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "webhook"; }

  NotifyResult Notify(const Notification& all, const NotifyContext& context) override {
    HttpSender sender("the webhook", settings_, all, context);
    const Notification notification = Truncated(all, static_cast<std::size_t>(settings_.Int("max_alerts")));
    Rendering rendering(notification, context);
    auto url = settings_.Value("url");
    if (!url.ok()) return CannotSend("the webhook", url.status());
    HttpMessage message;
    message.url = rendering.Address(*url);
    if (!rendering.status().ok()) return CannotSend("the webhook", rendering.status(), FailureReason::kTemplate);
    message.headers = {{"Idempotency-Key", notification.id}};
    const ConfigNode* payload = settings_.Tree("payload");
    message.body = payload == nullptr || payload->IsNull() ? WebhookBody(notification) : Dump(rendering.Tree(*payload));
    return sender.Send(std::move(message));
  }

 private:
  const Settings settings_;
};

}  // namespace

Json WebhookJson(const Notification& notification, const std::string& version) {
  Json alerts = Json::array();
  for (const Alert& alert : notification.alerts) {
    alerts.push_back({{"status", alert.resolved_at != 0 ? "resolved" : "firing"},
                      {"labels", Object(alert.labels)},
                      {"annotations", Object(alert.annotations)},
                      {"startsAt", FormatRfc3339OrNever(alert.fired_at != 0 ? alert.fired_at : alert.active_at)},
                      {"endsAt", FormatRfc3339OrNever(alert.resolved_at)},
                      {"generatorURL", alert.generator_url},
                      {"fingerprint", FingerprintText(FingerprintOf(alert.labels))}});
  }
  return {{"receiver", templating::QuotePattern(notification.receiver)},
          {"status", notification.firing ? "firing" : "resolved"},
          {"alerts", std::move(alerts)},
          {"groupLabels", Object(notification.group_labels)},
          {"commonLabels", Object(notification.common_labels)},
          {"commonAnnotations", Object(notification.common_annotations)},
          {"externalURL", notification.external_url},
          {"version", version},
          {"groupKey", notification.group_key},
          {"truncatedAlerts", notification.truncated}};
}

std::string WebhookBody(const Notification& notification) { return Dump(WebhookJson(notification)); }

Result<std::unique_ptr<Integration>> MakeWebhookIntegration(const Settings& settings, const ConfigNode& node) {
  if (settings.Int("max_alerts") < 0) return node.Error("max_alerts must not be negative");
  return std::unique_ptr<Integration>(std::make_unique<WebhookIntegration>(settings));
}

}  // namespace cachescope::notify
