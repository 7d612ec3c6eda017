#include "server/notify/receivers/webex/webex_receiver.h"

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxMessageBytes = 7439;

class WebexIntegration final : public Integration {
 public:
  explicit WebexIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "webex"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Webex", settings_, notification, context);
    Rendering r(notification, context);
    Json body = {{"markdown", CutToBytes(r.Text(settings_.Text("message")), kMaxMessageBytes)}};
    PutText(&body, "roomId", r.Address(settings_.Text("room_id")));
    if (!r.status().ok()) return CannotSend("Webex", r.status(), FailureReason::kTemplate);
    HttpMessage message;
    message.url = settings_.Text("api_url");
    message.body = Dump(body);
    return sender.Send(std::move(message));
  }

 private:
  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeWebexIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<WebexIntegration>(settings));
}

}  // namespace cachescope::notify
