#include "server/notify/receivers/log/log_receiver.h"

#include "base/log.h"

namespace cachescope::notify {
namespace {

class LogIntegration final : public Integration {
 public:
  std::string_view name() const override { return "log"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext&) override {
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

Result<std::unique_ptr<Integration>> MakeLogIntegration(const Settings&, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<LogIntegration>());
}

}  // namespace cachescope::notify
