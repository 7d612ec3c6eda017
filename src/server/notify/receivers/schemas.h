// The schemas of every integration of alertmanager.yml (version 0.34) and of `global:`, as data. Facts:
// https://prometheus.io/docs/alerting/latest/configuration/
#pragma once

#include <string>
#include <vector>

#include "server/notify/receivers/settings.h"

namespace cachescope::notify {

const Schema& GlobalSchema();
// In the order in which upstream lists them, our own `log_configs` last.
const std::vector<Schema>& IntegrationSchemas();

// Keys whose values are secrets, in `global:` or in any integration, for whoever shows a configuration.
std::vector<std::string> SecretKeys();

// Checks beyond the table (schema_checks.cc).
Status CheckGlobal(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckEmail(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckSlack(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckPagerduty(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckOpsgenie(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckVictorops(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckPushover(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckSns(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckTelegram(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckWebex(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckWechat(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckJira(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckIncidentio(const Settings& s, const ConfigNode& node, const Settings& global);
Status CheckMattermost(const Settings& s, const ConfigNode& node, const Settings& global);

}  // namespace cachescope::notify
