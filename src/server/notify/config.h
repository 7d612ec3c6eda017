// The parsed configuration of the notifier. Internal to the module; outsiders hold it as an opaque pointer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/notify/notifier.h"
#include "server/notify/route.h"

namespace cachescope::notify {

struct ConfiguredIntegration {
  std::unique_ptr<Integration> integration;
  bool send_resolved = true;
};

struct Receiver {
  std::string name;
  std::vector<ConfiguredIntegration> integrations;
};

struct NotifierConfig {
  std::unique_ptr<Route> root;
  std::vector<Receiver> receivers;
  DurationMs resolve_timeout = 5 * 60'000;

  const Receiver* FindReceiver(const std::string& name) const;
};

// A kind of integration: its key in a receiver and how to read one entry. The table in config.cc lists them.
struct IntegrationKind {
  const char* key;  // "webhook_configs"
  Result<ConfiguredIntegration> (*parse)(const ConfigNode& node);
};

}  // namespace cachescope::notify
