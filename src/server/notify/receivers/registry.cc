#include "server/notify/config.h"
#include "server/notify/receivers/discord/discord_receiver.h"
#include "server/notify/receivers/email/email_receiver.h"
#include "server/notify/receivers/incidentio/incidentio_receiver.h"
#include "server/notify/receivers/jira/jira_receiver.h"
#include "server/notify/receivers/log/log_receiver.h"
#include "server/notify/receivers/mattermost/mattermost_receiver.h"
#include "server/notify/receivers/msteams/msteams_receiver.h"
#include "server/notify/receivers/opsgenie/opsgenie_receiver.h"
#include "server/notify/receivers/pagerduty/pagerduty_receiver.h"
#include "server/notify/receivers/pushover/pushover_receiver.h"
#include "server/notify/receivers/rocketchat/rocketchat_receiver.h"
#include "server/notify/receivers/schemas.h"
#include "server/notify/receivers/slack/slack_receiver.h"
#include "server/notify/receivers/sns/sns_receiver.h"
#include "server/notify/receivers/telegram/telegram_receiver.h"
#include "server/notify/receivers/victorops/victorops_receiver.h"
#include "server/notify/receivers/webex/webex_receiver.h"
#include "server/notify/receivers/webhook/webhook_receiver.h"
#include "server/notify/receivers/wechat/wechat_receiver.h"

namespace cachescope::notify {
namespace {

// Adding an integration is its folder and one line here.
constexpr IntegrationKind kKinds[] = {
    {"discord", MakeDiscordIntegration},
    {"email", MakeEmailIntegration},
    {"incidentio", MakeIncidentioIntegration},
    {"jira", MakeJiraIntegration},
    {"log", MakeLogIntegration},
    {"mattermost", MakeMattermostIntegration},
    {"msteams", MakeMsteamsIntegration},
    {"msteamsv2", MakeMsteamsV2Integration},
    {"opsgenie", MakeOpsgenieIntegration},
    {"pagerduty", MakePagerdutyIntegration},
    {"pushover", MakePushoverIntegration},
    {"rocketchat", MakeRocketchatIntegration},
    {"slack", MakeSlackIntegration},
    {"sns", MakeSnsIntegration},
    {"telegram", MakeTelegramIntegration},
    {"victorops", MakeVictoropsIntegration},
    {"webex", MakeWebexIntegration},
    {"webhook", MakeWebhookIntegration},
    {"wechat", MakeWechatIntegration},
};

// Stands where this version cannot send: the configuration stays valid, and every notification fails aloud.
class UnsupportedIntegration final : public Integration {
 public:
  explicit UnsupportedIntegration(const char* name) : name_(name) {}
  std::string_view name() const override { return name_; }
  NotifyResult Notify(const Notification&, const NotifyContext&) override {
    return NotifyResult::Failed(InvalidArgument("this version does not tell through " + name_),
                                FailureReason::kUnsupported);
  }

 private:
  const std::string name_;
};

}  // namespace

const IntegrationKind* FindIntegrationKind(std::string_view name) {
  for (const IntegrationKind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

Result<std::unique_ptr<Integration>> MakeIntegration(const Schema& schema, const Settings& settings,
                                                     const ConfigNode& node, bool* unsupported) {
  const IntegrationKind* kind = FindIntegrationKind(schema.name);
  *unsupported = kind == nullptr;
  if (kind != nullptr) return kind->make(settings, node);
  return std::unique_ptr<Integration>(std::make_unique<UnsupportedIntegration>(schema.name));
}

}  // namespace cachescope::notify
