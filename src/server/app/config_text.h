// A configuration as it may be shown: secrets replaced. Pure.
#pragma once

#include <string>

#include "base/config_node.h"

namespace cachescope::app {

// YAML that reads back as `node` with the values of secret keys (passwords, tokens, keys, addresses that are secrets)
// and the user parts of URLs replaced by <secret>. Comments are lost.
std::string RedactedYaml(const ConfigNode& node);

}  // namespace cachescope::app
