#include "server/notify/receivers/webhook/webhook_receiver.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/rfc3339.h"

namespace cachescope::notify {
namespace {

nlohmann::json Object(const Labels& labels) {
  nlohmann::json out = nlohmann::json::object();
  for (const LabelView& label : labels) out[std::string(label.name)] = std::string(label.value);
  return out;
}

class WebhookIntegration final : public Integration {
 public:
  WebhookIntegration(std::string url, std::int64_t max_alerts, DurationMs timeout)
      : url_(std::move(url)), max_alerts_(max_alerts), timeout_(timeout) {}
  std::string_view name() const override { return "webhook"; }

  Status Notify(const Notification& notification, std::chrono::milliseconds timeout) override {
    http::ClientRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers = {{"Content-Type", "application/json"}};
    if (max_alerts_ > 0 && notification.alerts.size() > static_cast<std::size_t>(max_alerts_)) {
      Notification cut = notification;
      cut.truncated = cut.alerts.size() - static_cast<std::size_t>(max_alerts_);
      cut.alerts.resize(static_cast<std::size_t>(max_alerts_));
      request.body = WebhookBody(cut);
    } else {
      request.body = WebhookBody(notification);
    }
    request.timeout = timeout_ > 0 ? std::min(timeout, std::chrono::milliseconds(timeout_)) : timeout;
    request.max_body_bytes = 1 << 20;
    request.max_redirects = 0;
    CACHESCOPE_ASSIGN_OR_RETURN(const http::Response response, http::FetchBlocking(std::move(request)));
    if (response.status / 100 == 2) return {};
    const std::string message = "the webhook answered " + std::to_string(response.status);
    return response.status / 100 == 5 || response.status == 429 ? Unavailable(message) : IoError(message);
  }

 private:
  const std::string url_;
  const std::int64_t max_alerts_;
  const DurationMs timeout_;
};

}  // namespace

std::string WebhookBody(const Notification& notification) {
  nlohmann::json alerts = nlohmann::json::array();
  for (const Alert& alert : notification.alerts) {
    alerts.push_back({{"status", alert.resolved_at != 0 ? "resolved" : "firing"},
                      {"labels", Object(alert.labels)},
                      {"annotations", Object(alert.annotations)},
                      {"startsAt", FormatRfc3339OrNever(alert.fired_at != 0 ? alert.fired_at : alert.active_at)},
                      {"endsAt", FormatRfc3339OrNever(alert.resolved_at)},
                      {"generatorURL", alert.generator_url},
                      {"fingerprint", fmt::format("{:016x}", alert.labels.Hash())}});
  }
  const nlohmann::json body = {{"version", "4"},
                               {"groupKey", notification.group_key},
                               {"truncatedAlerts", notification.truncated},
                               {"status", notification.firing ? "firing" : "resolved"},
                               {"receiver", notification.receiver},
                               {"groupLabels", Object(notification.group_labels)},
                               {"commonLabels", Object(notification.common_labels)},
                               {"commonAnnotations", Object(notification.common_annotations)},
                               {"externalURL", notification.external_url},
                               {"alerts", std::move(alerts)}};
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<ConfiguredIntegration> ParseWebhookIntegration(const ConfigNode& node) {
  ConfiguredIntegration out;
  std::string url;
  std::string url_file;
  std::int64_t max_alerts = 0;
  DurationMs timeout = 0;
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(node, "webhook_config")
                                 .String("url", &url)
                                 .String("url_file", &url_file)
                                 .Bool("send_resolved", &out.send_resolved)
                                 .Int("max_alerts", &max_alerts, 0, 1'000'000)
                                 .Duration("timeout", &timeout)
                                 .Unsupported("http_config", "this version posts without extra HTTP options")
                                 .Finish());
  if (url.empty() == url_file.empty())
    return node.Error("exactly one of url and url_file must be set in webhook_config");
  if (!url_file.empty()) {
    std::ifstream in(url_file);
    if (!std::getline(in, url) || url.empty()) return node.Error("cannot read url_file " + url_file);
  }
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return node.Error("url must begin with http:// or https://");
  out.integration = std::make_unique<WebhookIntegration>(std::move(url), max_alerts, timeout);
  return out;
}

}  // namespace cachescope::notify
