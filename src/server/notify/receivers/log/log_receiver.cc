#include "server/notify/receivers/log/log_receiver.h"

#include "base/log.h"

namespace cachescope::notify {
namespace {

class LogIntegration final : public Integration {
 public:
  std::string_view name() const override { return "log"; }

  Status Notify(const Notification& notification, std::chrono::milliseconds) override {
    for (const Alert& alert : notification.alerts) {
      const bool resolved = alert.resolved_at != 0;
      Log(resolved ? LogLevel::kInfo : LogLevel::kWarn, resolved ? "alert resolved" : "alert firing",
          {{"alertname", std::string(alert.labels.Get("alertname"))},
           {"labels", alert.labels.ToString()},
           {"summary", std::string(alert.annotations.Get("summary"))},
           {"receiver", notification.receiver}});
    }
    return {};
  }
};

}  // namespace

Result<ConfiguredIntegration> ParseLogIntegration(const ConfigNode& node) {
  ConfiguredIntegration out;
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(node, "log_config").Bool("send_resolved", &out.send_resolved).Finish());
  out.integration = std::make_unique<LogIntegration>();
  return out;
}

}  // namespace cachescope::notify
