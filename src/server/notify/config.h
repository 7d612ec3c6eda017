// The parsed configuration of the notifier: a whole alertmanager.yml and our own sections `escalations` and
// `cooldowns`. Internal to the module; outsiders hold it as an opaque pointer. Immutable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/notify/inhibit.h"
#include "server/notify/integration.h"
#include "server/notify/notifier.h"
#include "server/notify/receivers/settings.h"
#include "server/notify/route.h"
#include "server/notify/time_interval.h"

namespace cachescope::notify {

struct ConfiguredIntegration {
  std::unique_ptr<Integration> integration;
  bool send_resolved = true;
  int index = 0;  // among those of its kind in the receiver: part of the notification log's key, as upstream
};

struct Receiver {
  std::string name;
  Labels labels;
  std::vector<ConfiguredIntegration> integrations;
};

// `escalations: [{name, matchers, steps: [{after, severity, receiver}]}]`.
struct EscalationStep {
  DurationMs after = 0;          // since the first notification, or since it fires when nobody is told
  std::string severity;          // told instead of the alert's own; empty: its own
  std::unique_ptr<Route> route;  // to the step's receiver
};
struct EscalationPolicy {
  std::string name;
  std::vector<Matcher> matchers;
  std::vector<EscalationStep> steps;  // `after` increases
};

// `cooldowns: [{matchers, cooldown: 30m}]`: the first that matches counts.
struct CooldownPolicy {
  std::vector<Matcher> matchers;
  DurationMs cooldown = 0;
};

struct NotifierConfig {
  std::shared_ptr<const Settings> global;
  std::unique_ptr<Route> root;
  std::vector<Receiver> receivers;
  std::vector<InhibitRule> inhibit_rules;
  std::map<std::string, TimeInterval> time_intervals;
  std::vector<EscalationPolicy> escalations;
  std::vector<CooldownPolicy> cooldowns;
  std::vector<std::string> template_globs;  // absolute, or relative to the working folder
  std::shared_ptr<const templating::TemplateSet> templates;
  DurationMs resolve_timeout = 5 * 60'000;
  std::vector<std::string> warnings;  // with place

  const Receiver* FindReceiver(const std::string& name) const;
};

// How to make an integration of a schema. `make` is called with settings that passed the schema's checks; an error of
// its own names `node`'s place. The table is in receivers/registry.cc: adding an integration is its folder and one line
// there.
struct IntegrationKind {
  const char* name;  // of the schema: "slack"
  Result<std::unique_ptr<Integration>> (*make)(const Settings& settings, const ConfigNode& node);
};
// Null when this version does not send that way.
const IntegrationKind* FindIntegrationKind(std::string_view name);

// Every receiver's integration, made or standing in for one that cannot send. `unsupported` is set when it stands in.
Result<std::unique_ptr<Integration>> MakeIntegration(const Schema& schema, const Settings& settings,
                                                     const ConfigNode& node, bool* unsupported);

// `escalations` and `cooldowns` (config_policies.cc). Receivers and the root route are known.
Status ReadEscalation(const ConfigNode& node, NotifierConfig* config);
Status ReadCooldown(const ConfigNode& node, NotifierConfig* config);

}  // namespace cachescope::notify
