// The configuration file: a prometheus.yml works as it is; our own sections stand beside it in the same syntax. This
// module reads the tree of keys; each section's owner parses, defaults and validates its own options.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/config_node.h"
#include "server/app/store.h"
#include "server/collect/adapters/redis/connection.h"
#include "server/collect/scrape_config.h"
#include "server/notify/forward/forward_config.h"
#include "server/notify/notifier.h"
#include "server/rules/rule_manager.h"

namespace cachescope::app {

// One entry of `caches:`, or one URL of the command line.
struct CacheConfig {
  std::string name;  // the `instance` label; by default host:port
  collect::redis::RedisOptions redis;
  DurationMs interval = 15'000;
  DurationMs timeout = 5'000;
  Labels labels;
};

struct Config {
  std::string path;  // empty: no file
  std::string text;  // with secrets replaced by <secret>
  collect::ScrapeDefaults scrape_defaults;
  std::vector<collect::ScrapeConfig> scrape_configs;
  std::vector<CacheConfig> caches;
  DurationMs evaluation_interval = 60'000;
  promql::ParserOptions parser;             // what rules may use
  std::vector<rules::RuleFile> rule_files;  // shipped ones first, then those of `rule_files:`
  ConfigNode alerts;                        // the document of the notifier, checked
  notify::ForwardConfig forward;            // `alerting`: Alertmanagers that hear of alerts too
  StorageConfig storage;
  bool shipped_rules = true;
  bool host_metrics = true;
  std::vector<std::string> warnings;  // keys that are read and not served, in words
};

// Reads and checks everything, rule files included. kNotFound, kIoError, kInvalidArgument with file, line and column.
// Rules may use what `parser` allows.
Result<Config> LoadConfig(const std::string& path, const promql::ParserOptions& parser = {});
// The same for a text, for tests and `check config`.
Result<Config> ParseConfig(std::string_view text, const std::string& path, const promql::ParserOptions& parser = {});
// What runs without a file: shipped rules, alerts to the log.
Config DefaultConfig();

// A cache from a URL: redis://, rediss://, unix://, host:port. REDIS_USER, REDIS_PASSWORD and REDIS_PASSWORD_FILE fill
// in credentials the URL does not have. kInvalidArgument names the URL without its credentials.
Result<CacheConfig> CacheFromUrl(const std::string& url);

// Values of keys whose name says secret (password, token, credentials …) and user parts of URLs, replaced by <secret>.
std::string RedactSecrets(std::string_view yaml);

// Rule files that belong to the program.
std::vector<rules::RuleFile> ShippedRules();

}  // namespace cachescope::app
