// `alerting:` of a prometheus.yml: which Alertmanagers alerts are forwarded to, and how they are relabelled on the way
// out. Plain data.
#pragma once

#include <string>
#include <vector>

#include "base/config_node.h"
#include "model/relabel.h"
#include "server/http/settings.h"

namespace cachescope::notify {

struct ForwardTarget {
  std::string url;  // of /api/v2/alerts
  http::Settings http;
  DurationMs timeout = 10'000;
};

struct ForwardConfig {
  std::vector<RelabelRule> alert_relabel;  // alert_relabel_configs: for all alerts, those told from here included
  std::vector<ForwardTarget> targets;      // by URL, each once
};

// A null node is an empty section. kInvalidArgument with place; kinds of discovery other than static_configs are errors
// that name the key.
Result<ForwardConfig> ParseForwardConfig(const ConfigNode& node);

}  // namespace cachescope::notify
