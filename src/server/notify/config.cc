#include "server/notify/config.h"

#include "server/notify/receivers/schemas.h"
#include "server/notify/template_files.h"

namespace cachescope::notify {
namespace {

Status ReadLabels(const ConfigNode& node, Labels* labels) {
  CACHESCOPE_ASSIGN_OR_RETURN(auto pairs, node.AsStringMap());
  *labels = Labels::FromPairs(std::move(pairs));
  return {};
}

Status ReadIntegrations(const Schema& schema, const ConfigNode& list, NotifierConfig* config, Receiver* receiver) {
  if (!list.IsSequence()) return list.Error(std::string("expected a list (field \"") + schema.key + "\")");
  int index = 0;
  for (const ConfigNode& entry : list.items()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const Settings settings, Settings::Parse(schema, entry, config->global));
    ConfiguredIntegration out;
    bool unsupported = false;
    CACHESCOPE_ASSIGN_OR_RETURN(out.integration, MakeIntegration(schema, settings, entry, &unsupported));
    out.send_resolved = settings.send_resolved();
    out.index = index++;
    if (unsupported) {
      config->warnings.push_back(entry.Where() + ": this version does not tell through " + schema.key +
                                 ": every notification to it will count as failed (reason unsupported)");
    }
    if (!settings.http().unsupported.empty()) {
      config->warnings.push_back(entry.Where() + ": \"" + settings.http().unsupported +
                                 "\" of http_config is not supported: every notification through it will count as "
                                 "failed (reason unsupported)");
    }
    receiver->integrations.push_back(std::move(out));
  }
  return {};
}

Status ReadReceiver(const ConfigNode& node, NotifierConfig* config) {
  Receiver receiver;
  MappingReader reader(node, "receiver");
  reader.String("name", &receiver.name).Node("labels", [&](const ConfigNode& n) {
    return ReadLabels(n, &receiver.labels);
  });
  for (const Schema& schema : IntegrationSchemas()) {
    reader.Node(schema.key, [&](const ConfigNode& list) { return ReadIntegrations(schema, list, config, &receiver); });
  }
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (receiver.name.empty()) return node.Error("missing name in receiver");
  if (config->FindReceiver(receiver.name) != nullptr)
    return node.Error("notification config name \"" + receiver.name + "\" is not unique");
  config->receivers.push_back(std::move(receiver));
  return {};
}

Status ReadTimeInterval(const ConfigNode& node, const std::string& what, NotifierConfig* config) {
  CACHESCOPE_ASSIGN_OR_RETURN(TimeInterval interval, ParseTimeInterval(node, what));
  const std::string name = interval.name;
  if (!config->time_intervals.emplace(name, std::move(interval)).second)
    return node.Error(what + " \"" + name + "\" is not unique");
  return {};
}

Status CheckRoute(const ConfigNode& node, const NotifierConfig& config, const Route& route) {
  // In the tree the nodes stand in the order of the routes.
  const ConfigNode* list = node.Find("routes");
  for (std::size_t i = 0; i < route.children.size(); ++i)
    CACHESCOPE_RETURN_IF_ERROR(CheckRoute(list->items()[i], config, *route.children[i]));
  if (config.FindReceiver(route.receiver) == nullptr)
    return node.Error("undefined receiver \"" + route.receiver + "\" used in route");
  for (const auto* names : {&route.active_time_intervals, &route.mute_time_intervals}) {
    for (const std::string& name : *names) {
      if (config.time_intervals.find(name) == config.time_intervals.end())
        return node.Error("undefined time interval \"" + name + "\" used in route");
    }
  }
  return {};
}

Status ReadGlobal(const ConfigNode& root, NotifierConfig* config) {
  const ConfigNode* node = root.Find("global");
  CACHESCOPE_ASSIGN_OR_RETURN(Settings global,
                              Settings::Parse(GlobalSchema(), node == nullptr ? ConfigNode() : *node, nullptr));
  config->global = std::make_shared<const Settings>(std::move(global));
  config->resolve_timeout = config->global->Duration("resolve_timeout");
  return {};
}

Status ReadList(const ConfigNode& root, const char* key, Status (*read)(const ConfigNode&, NotifierConfig*),
                NotifierConfig* config) {
  const ConfigNode* list = root.Find(key);
  if (list == nullptr || list->IsNull()) return {};
  if (!list->IsSequence()) return list->Error(std::string("expected a list (field \"") + key + "\")");
  for (const ConfigNode& item : list->items()) CACHESCOPE_RETURN_IF_ERROR(read(item, config));
  return {};
}

// Everything that has no order among itself, then what refers to it.
Status ReadDocument(const ConfigNode& node, NotifierConfig* config) {
  MappingReader reader(node, "the notifier's configuration");
  reader.Allow("global").Allow("route").Allow("escalations").Allow("cooldowns");
  reader.Each("receivers", [config](const ConfigNode& n) { return ReadReceiver(n, config); })
      .Each("inhibit_rules",
            [config](const ConfigNode& n) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(InhibitRule rule, ParseInhibitRule(n));
              config->inhibit_rules.push_back(std::move(rule));
              return {};
            })
      .Each("mute_time_intervals",
            [config](const ConfigNode& n) { return ReadTimeInterval(n, "mute time interval", config); })
      .Each("time_intervals", [config](const ConfigNode& n) { return ReadTimeInterval(n, "time interval", config); })
      .Each("templates",
            [config](const ConfigNode& n) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(const std::string path, n.AsString());
              config->template_globs.push_back(http::ResolvePath(n, path));
              return {};
            })
      .Node("tracing", [config](const ConfigNode& n) -> Status {
        config->warnings.push_back(n.Where() + ": \"tracing\" is read and not served: notifications record no spans");
        return {};
      });
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  const ConfigNode* route = node.Find("route");
  if (route == nullptr || route->IsNull()) return node.Error("no route provided in config");
  CACHESCOPE_ASSIGN_OR_RETURN(config->root, ParseRootRoute(*route));
  CACHESCOPE_RETURN_IF_ERROR(CheckRoute(*route, *config, *config->root));
  CACHESCOPE_RETURN_IF_ERROR(ReadList(node, "escalations", ReadEscalation, config));
  return ReadList(node, "cooldowns", ReadCooldown, config);
}

// What is made at run time, on top of the document.
Status ReadPolicies(const std::string& text, NotifierConfig* config) {
  if (text.empty()) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const ConfigNode node, ConfigNode::ParseYaml(text, "threshold"));
  MappingReader reader(node, "policies");
  reader.Allow("routes").Allow("escalations").Allow("cooldowns");
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (const ConfigNode* routes = node.Find("routes"); routes != nullptr) {
    CACHESCOPE_RETURN_IF_ERROR(PrependRoutes(*routes, config->root.get()));
    for (std::size_t i = 0; i < routes->items().size(); ++i)
      CACHESCOPE_RETURN_IF_ERROR(CheckRoute(routes->items()[i], *config, *config->root->children[i]));
  }
  CACHESCOPE_RETURN_IF_ERROR(ReadList(node, "escalations", ReadEscalation, config));
  return ReadList(node, "cooldowns", ReadCooldown, config);
}

}  // namespace

const Receiver* NotifierConfig::FindReceiver(const std::string& name) const {
  for (const Receiver& receiver : receivers) {
    if (receiver.name == name) return &receiver;
  }
  return nullptr;
}

Result<std::shared_ptr<const NotifierConfig>> ParseNotifierConfig(const ConfigNode& node, const std::string& policies) {
  auto config = std::make_shared<NotifierConfig>();
  if (!node.IsMapping()) return node.Error("no route provided in config");
  CACHESCOPE_RETURN_IF_ERROR(ReadGlobal(node, config.get()));
  CACHESCOPE_RETURN_IF_ERROR(ReadDocument(node, config.get()));
  CACHESCOPE_RETURN_IF_ERROR(ReadPolicies(policies, config.get()));
  CACHESCOPE_ASSIGN_OR_RETURN(config->templates, LoadTemplates(config->template_globs));
  return std::shared_ptr<const NotifierConfig>(std::move(config));
}

const std::vector<std::string>& NotifierConfigWarnings(const NotifierConfig& config) { return config.warnings; }

ConfigNode DefaultNotifierDocument() {
  return *ConfigNode::ParseYaml(
      "route: {receiver: log, group_by: [alertname], group_wait: 0s, group_interval: 1m}\nreceivers: [{name: log, "
      "log_configs: [{}]}]",
      "default");
}

std::shared_ptr<const NotifierConfig> DefaultNotifierConfig() {
  return *ParseNotifierConfig(DefaultNotifierDocument());
}

}  // namespace cachescope::notify
