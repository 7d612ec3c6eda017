#include "server/app/config.h"

#include <glob.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/app/catalog.h"

namespace cachescope::app {
namespace {

constexpr std::size_t kMaxFileBytes = 16 << 20;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Result<std::string> ReadWhole(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return IoError("cannot read " + path + ": it is a directory");
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound("cannot read " + path + ": " + std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad() || text.view().size() > kMaxFileBytes)
    return IoError("cannot read " + path + ": over 16 MiB or not readable");
  return std::move(text).str();
}

// Relative names in a configuration file are meant from the file's folder.
std::string Beside(const std::string& config_path, const std::string& name) {
  const std::filesystem::path path(name);
  return path.is_absolute() ? name : (std::filesystem::path(config_path).parent_path() / path).string();
}

Status ReadRuleFiles(const ConfigNode& node, const std::string& config_path, const promql::ParserOptions& parser,
                     std::vector<rules::RuleFile>* out) {
  CACHESCOPE_ASSIGN_OR_RETURN(const auto patterns, node.AsStrings());
  for (const std::string& pattern : patterns) {
    glob_t found{};
    const std::string full = Beside(config_path, pattern);
    const int result = glob(full.c_str(), 0, nullptr, &found);
    std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    globfree(&found);
    // As upstream: a pattern that matches nothing is no error, a plain name that is not there is one.
    if (result != 0 && pattern.find_first_of("*?[") == std::string::npos)
      return node.Error("cannot read rule file " + full + ": no such file");
    for (const std::string& path : paths) {
      auto text = ReadWhole(path);
      if (!text.ok()) return node.Error(text.status().message());
      rules::RuleFile file{path, std::move(*text)};
      if (const auto errors = rules::CheckRuleFile(file, parser); !errors.empty()) return errors.front();
      out->push_back(std::move(file));
    }
  }
  return {};
}

Status ReadCache(const ConfigNode& node, const std::string& config_path, Config* config) {
  std::string url;
  std::string name;
  std::string username;
  std::string password;
  std::string password_file;
  std::vector<std::pair<std::string, std::string>> labels;
  CacheConfig cache;
  cache.interval = config->scrape_defaults.scrape_interval < 15'000 ? config->scrape_defaults.scrape_interval : 15'000;
  collect::redis::RedisOptions tls;
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(node, "cache")
                                 .String("url", &url)
                                 .Required()
                                 .String("name", &name)
                                 .String("username", &username)
                                 .String("password", &password)
                                 .String("password_file", &password_file)
                                 .Duration("interval", &cache.interval)
                                 .Duration("timeout", &cache.timeout)
                                 .StringMap("labels", &labels)
                                 .Node("tls_config",
                                       [&](const ConfigNode& n) {
                                         return MappingReader(n, "tls_config")
                                             .String("ca_file", &tls.ca_file)
                                             .String("cert_file", &tls.cert_file)
                                             .String("key_file", &tls.key_file)
                                             .String("server_name", &tls.server_name)
                                             .Bool("insecure_skip_verify", &tls.insecure_skip_verify)
                                             .Finish();
                                       })
                                 .Finish());
  auto from_url = CacheFromUrl(url);
  if (!from_url.ok()) return node.Find("url")->Error(from_url.status().message());
  cache.name = name.empty() ? from_url->name : name;
  tls.address = std::move(from_url->redis.address);
  tls.password_file = std::move(from_url->redis.password_file);
  cache.redis = std::move(tls);
  if (!username.empty()) cache.redis.address.username = username;
  if (!password.empty()) cache.redis.address.password = password;
  if (!password_file.empty()) cache.redis.password_file = Beside(config_path, password_file);
  cache.labels = Labels::FromPairs(labels);
  if (cache.interval <= 0 || cache.timeout <= 0) return node.Error("interval and timeout of a cache must be positive");
  if (cache.timeout > cache.interval) cache.timeout = cache.interval;
  for (const CacheConfig& other : config->caches) {
    if (other.name == cache.name)
      return node.Error("cache \"" + cache.name + "\" is listed twice; give one of them another name");
  }
  config->caches.push_back(std::move(cache));
  return {};
}

// Sections of a prometheus.yml that are accepted so that the file works as it is, and not served: said aloud.
void Warn(const ConfigNode& root, const char* key, const char* what, Config* config) {
  if (const ConfigNode* node = root.Find(key); node != nullptr && !node->IsNull()) {
    config->warnings.push_back(node->Where() + ": \"" + key + "\" is read but not served by this version: " + what);
  }
}

// The document itself, or the name of a file with it.
Status ReadAlerts(const ConfigNode& node, Config* config) {
  config->alerts = node;
  if (node.IsScalar()) {
    CACHESCOPE_ASSIGN_OR_RETURN(config->alerts, ConfigNode::ReadFile(http::ResolvePath(node, node.scalar())));
  }
  CACHESCOPE_ASSIGN_OR_RETURN(const auto checked, notify::ParseNotifierConfig(config->alerts));
  for (const std::string& warning : notify::NotifierConfigWarnings(*checked)) config->warnings.push_back(warning);
  return {};
}

Status ReadSections(const ConfigNode& root, Config* config) {
  MappingReader reader(root, "configuration file");
  reader
      .Node("global",
            [&](const ConfigNode& n) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(config->scrape_defaults, collect::ParseScrapeDefaults(n));
              if (const ConfigNode* interval = n.Find("evaluation_interval")) {
                CACHESCOPE_ASSIGN_OR_RETURN(config->evaluation_interval, interval->AsDuration());
                if (config->evaluation_interval <= 0) return interval->Error("evaluation_interval must be positive");
              }
              return {};
            })
      .Node("alerts", [&](const ConfigNode& n) { return ReadAlerts(n, config); })
      .Node("alerting",
            [&](const ConfigNode& n) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(config->forward, notify::ParseForwardConfig(n));
              return {};
            })
      .Node("storage",
            [&](const ConfigNode& n) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(config->storage, ParseStorageConfig(n));
              return {};
            })
      .Bool("shipped_rules", &config->shipped_rules)
      .Bool("host_metrics", &config->host_metrics)
      .Node("rule_files",
            [&](const ConfigNode& n) { return ReadRuleFiles(n, config->path, config->parser, &config->rule_files); });
  // Read below, once the defaults are known whatever the order of keys.
  reader.Allow("scrape_configs").Allow("caches");
  for (const char* key : {"remote_write", "remote_read", "tracing", "otlp", "runtime", "scrape_config_files"})
    reader.Allow(key);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (const ConfigNode* list = root.Find("scrape_configs")) {
    CACHESCOPE_ASSIGN_OR_RETURN(config->scrape_configs, collect::ParseScrapeConfigs(*list, config->scrape_defaults));
  }
  const ConfigNode* caches = root.Find("caches");
  if (caches == nullptr || caches->IsNull()) return {};
  if (!caches->IsSequence()) return caches->Error("expected a list of caches");
  for (const ConfigNode& item : caches->items()) CACHESCOPE_RETURN_IF_ERROR(ReadCache(item, config->path, config));
  return {};
}

}  // namespace

Result<CacheConfig> CacheFromUrl(const std::string& url) {
  CacheConfig out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.redis.address, collect::redis::ParseRedisUrl(url));
  collect::redis::RedisAddress& address = out.redis.address;
  if (address.password.empty()) address.password = Environment("REDIS_PASSWORD");
  if (address.password.empty()) out.redis.password_file = Environment("REDIS_PASSWORD_FILE");
  if (address.username.empty()) address.username = Environment("REDIS_USER");
  const bool v6 = address.host.find(':') != std::string::npos;
  out.name = !address.unix_path.empty()
                 ? address.unix_path
                 : (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
  return out;
}

Result<Config> ParseConfig(std::string_view text, const std::string& path, const promql::ParserOptions& parser) {
  Config config;
  config.path = path;
  config.parser = parser;
  config.text = RedactSecrets(text);
  CACHESCOPE_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::ParseYaml(text, path));
  CACHESCOPE_RETURN_IF_ERROR(ReadSections(root, &config));
  Warn(root, "remote_write", "samples are not sent on", &config);
  Warn(root, "remote_read", "queries read this store only", &config);
  Warn(root, "tracing", "this process records no spans", &config);
  Warn(root, "otlp", "there is no OTLP receiver", &config);
  Warn(root, "runtime", "it tunes another program's garbage collector", &config);
  Warn(root, "scrape_config_files", "list the jobs under scrape_configs", &config);
  if (config.alerts.IsNull()) config.alerts = notify::DefaultNotifierDocument();
  if (config.shipped_rules) {
    auto shipped = ShippedRules();
    config.rule_files.insert(config.rule_files.begin(), shipped.begin(), shipped.end());
  }
  return config;
}

Result<Config> LoadConfig(const std::string& path, const promql::ParserOptions& parser) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, ReadWhole(path));
  return ParseConfig(text, path, parser);
}

Config DefaultConfig() { return std::move(*ParseConfig("", "")); }

std::vector<rules::RuleFile> ShippedRules() {
  std::vector<rules::RuleFile> out;
  for (const CatalogFile& file : CatalogFiles()) {
    if (file.name == "rules.yml")
      out.push_back({"catalog/" + std::string(file.kind) + "/rules.yml", std::string(file.text)});
  }
  return out;
}

std::string RedactSecrets(std::string_view yaml) {
  std::string out;
  while (!yaml.empty()) {
    const auto end = std::min(yaml.find('\n'), yaml.size());
    std::string line(yaml.substr(0, end));
    yaml.remove_prefix(std::min(end + 1, yaml.size()));
    for (const std::string_view key :
         {"password", "credentials", "bearer_token", "client_secret", "secret_key", "token", "api_key"}) {
      const auto at = line.find(std::string(key) + ":");
      const auto value = at == std::string::npos ? at : line.find_first_not_of(" \t", at + key.size() + 1);
      const auto comment = line.find('#');
      if (value == std::string::npos || (comment != std::string::npos && comment < at)) continue;
      const auto stop = line.find_first_of(",}", value);
      line = line.substr(0, value) + "<secret>" +
             (line.find('{') < at && stop != std::string::npos ? line.substr(stop) : "");
    }
    // scheme://user:password@host
    for (auto scheme = line.find("://"); scheme != std::string::npos; scheme = line.find("://", scheme + 3)) {
      const auto host_end = std::min(line.find_first_of(" \t\"'/?,}]", scheme + 3), line.size());
      const auto at = line.rfind('@', host_end);
      if (at != std::string::npos && at > scheme) line.replace(scheme + 3, at - scheme - 3, "<secret>");
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace cachescope::app
