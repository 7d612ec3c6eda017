#include "server/notify/config.h"

#include "server/notify/receivers/log/log_receiver.h"
#include "server/notify/receivers/webhook/webhook_receiver.h"

namespace cachescope::notify {
namespace {

// Adding an integration is its folder and one line here.
constexpr IntegrationKind kKinds[] = {
    {"log_configs", ParseLogIntegration},
    {"webhook_configs", ParseWebhookIntegration},
};

// Channels of alertmanager.yml that this version does not speak; naming one is an error, not a silent loss of pages.
constexpr const char* kUnserved[] = {"email_configs",     "slack_configs",    "pagerduty_configs", "opsgenie_configs",
                                     "victorops_configs", "pushover_configs", "wechat_configs",    "sns_configs",
                                     "telegram_configs",  "discord_configs",  "webex_configs",     "msteams_configs",
                                     "msteamsv2_configs", "jira_configs",     "rocketchat_configs"};

Result<Receiver> ParseReceiver(const ConfigNode& node) {
  Receiver receiver;
  MappingReader reader(node, "receiver");
  reader.String("name", &receiver.name).Required();
  for (const IntegrationKind& kind : kKinds) {
    reader.Each(kind.key, [&](const ConfigNode& entry) -> Status {
      CACHESCOPE_ASSIGN_OR_RETURN(ConfiguredIntegration integration, kind.parse(entry));
      receiver.integrations.push_back(std::move(integration));
      return {};
    });
  }
  for (const char* key : kUnserved)
    reader.Unsupported(key, "this version tells through webhook_configs and log_configs");
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  return receiver;
}

Status CheckReceivers(const ConfigNode& node, const NotifierConfig& config, const Route& route) {
  if (config.FindReceiver(route.receiver) == nullptr)
    return node.Error("undefined receiver \"" + route.receiver + "\" used in route");
  for (const auto& child : route.children) CACHESCOPE_RETURN_IF_ERROR(CheckReceivers(node, config, *child));
  return {};
}

}  // namespace

const Receiver* NotifierConfig::FindReceiver(const std::string& name) const {
  for (const Receiver& receiver : receivers) {
    if (receiver.name == name) return &receiver;
  }
  return nullptr;
}

Result<std::shared_ptr<const NotifierConfig>> ParseNotifierConfig(const ConfigNode& node) {
  auto config = std::make_shared<NotifierConfig>();
  const ConfigNode* route = nullptr;
  MappingReader reader(node, "alerts");
  reader
      .Node("global",
            [&](const ConfigNode& global) {
              return MappingReader(global, "global").Duration("resolve_timeout", &config->resolve_timeout).Finish();
            })
      .Node("route",
            [&](const ConfigNode& n) -> Status {
              route = &n;
              CACHESCOPE_ASSIGN_OR_RETURN(config->root, ParseRoute(n, nullptr));
              return {};
            })
      .Each("receivers",
            [&](const ConfigNode& n) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(Receiver receiver, ParseReceiver(n));
              if (config->FindReceiver(receiver.name) != nullptr)
                return n.Error("notification config name \"" + receiver.name + "\" is not unique");
              config->receivers.push_back(std::move(receiver));
              return {};
            })
      .Unsupported("inhibit_rules", "inhibition is not served by this version")
      .Unsupported("mute_time_intervals", "time intervals are not served by this version")
      .Unsupported("time_intervals", "time intervals are not served by this version")
      .Unsupported("templates", "template files are not served by this version");
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (config->root == nullptr) return node.Error("no route provided");
  CACHESCOPE_RETURN_IF_ERROR(CheckReceivers(*route, *config, *config->root));
  return std::shared_ptr<const NotifierConfig>(std::move(config));
}

std::shared_ptr<const NotifierConfig> DefaultNotifierConfig() {
  const auto node = ConfigNode::ParseYaml(
      "route: {receiver: log, group_by: [alertname], group_wait: 0s, group_interval: 1m}\nreceivers: [{name: log, "
      "log_configs: [{}]}]",
      "default");
  return *ParseNotifierConfig(*node);
}

}  // namespace cachescope::notify
