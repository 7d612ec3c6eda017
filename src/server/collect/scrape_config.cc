#include "server/collect/scrape_config.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <unordered_map>

#include "base/duration.h"

namespace cachescope::collect {
namespace {

constexpr std::int64_t kMaxLimit = std::numeric_limits<std::int64_t>::max();

void ReadLimits(MappingReader& reader, ScrapeLimits* limits) {
  reader.Bytes("body_size_limit", &limits->body_bytes)
      .Int("sample_limit", &limits->samples, 0, kMaxLimit)
      .Int("label_limit", &limits->labels, 0, kMaxLimit)
      .Int("label_name_length_limit", &limits->label_name_bytes, 0, kMaxLimit)
      .Int("label_value_length_limit", &limits->label_value_bytes, 0, kMaxLimit)
      .Int("target_limit", &limits->targets, 0, kMaxLimit);
}

// Keys that are valid, about exposition formats or features that change nothing here.
void AllowFormats(MappingReader& reader) {
  for (const char* key :
       {"scrape_protocols", "fallback_scrape_protocol", "scrape_classic_histograms", "always_scrape_classic_histograms",
        "scrape_native_histograms", "convert_classic_histograms_to_nhcb", "extra_scrape_metrics",
        "metric_name_validation_scheme", "metric_name_escaping_scheme"}) {
    reader.Allow(key);
  }
  reader.Unsupported("scrape_failure_log_file", "failures are shown on the targets page and in the log");
}

void RefuseDiscovery(MappingReader& reader) {
  constexpr const char* kKinds[] = {
      "azure",    "consul",   "digitalocean", "dns",     "docker", "dockerswarm", "ec2",      "eureka",
      "file",     "gce",      "hetzner",      "http",    "ionos",  "kubernetes",  "kuma",     "lightsail",
      "linode",   "marathon", "nerve",        "nomad",   "oci",    "openstack",   "outscale", "ovhcloud",
      "puppetdb", "scaleway", "serverset",    "stackit", "triton", "uyuni",       "vultr"};
  for (const char* kind : kKinds)
    reader.Unsupported(std::string(kind) + "_sd_configs", "this version discovers by static_configs only");
}

bool IsLabelName(std::string_view name) { return !name.empty() && IsValidUtf8(name); }

std::string ExpandEnvironment(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    if (text[i + 1] == '$') {
      out.push_back('$');
      ++i;
      continue;
    }
    const bool braced = text[i + 1] == '{';
    const std::size_t from = i + (braced ? 2 : 1);
    std::size_t to = from;
    while (to < text.size() && (braced ? text[to] != '}' : IsLegacyLabelName(text.substr(from, to - from + 1)))) ++to;
    if (const char* value = std::getenv(std::string(text.substr(from, to - from)).c_str()); value != nullptr)
      out += value;
    i = braced ? to : to - 1;
  }
  return out;
}

Status ReadExternalLabels(const ConfigNode& node, Labels* out) {
  CACHESCOPE_ASSIGN_OR_RETURN(auto pairs, node.AsStringMap());
  for (auto& [name, value] : pairs) {
    if (!IsLabelName(name)) return node.Error("\"" + name + "\" is not a label name");
    value = ExpandEnvironment(value);
    if (!IsValidUtf8(value)) return node.Error("the value of external label \"" + name + "\" is not valid UTF-8");
  }
  *out = Labels::FromPairs(std::move(pairs));
  return {};
}

Status ReadStaticGroup(const ConfigNode& node, std::vector<StaticGroup>* out) {
  if (node.IsNull()) return node.Error("empty item in static_configs");
  StaticGroup group;
  MappingReader reader(node, "static_configs");
  reader.Strings("targets", &group.targets).StringMap("labels", &group.labels);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  for (const std::string& target : group.targets) {
    if (target.find('/') != std::string::npos) return node.Error("\"" + target + "\" is not a valid hostname");
    if (!IsValidUtf8(target)) return node.Error("a target is not valid UTF-8");
  }
  for (const auto& [name, value] : group.labels) {
    if (!IsLabelName(name) || !IsValidUtf8(value)) return node.Error("\"" + name + "\" is not a valid label");
  }
  out->push_back(std::move(group));
  return {};
}

Status ReadParams(const ConfigNode& node, ScrapeConfig* config) {
  if (!node.IsMapping()) return node.Error("expected a mapping of names to lists");
  for (const auto& [key, value] : node.entries()) {
    CACHESCOPE_ASSIGN_OR_RETURN(auto values, value.AsStrings());
    config->params.emplace_back(key.scalar(), std::move(values));
  }
  return {};
}

Status CheckTimes(const ConfigNode& node, const ScrapeDefaults& defaults, ScrapeConfig* config) {
  if (config->scrape_interval <= 0) config->scrape_interval = defaults.scrape_interval;
  if (config->scrape_timeout <= 0) config->scrape_timeout = std::min(defaults.scrape_timeout, config->scrape_interval);
  if (config->scrape_timeout > config->scrape_interval) {
    return node.Error("scrape_timeout " + FormatDuration(config->scrape_timeout) + " is greater than scrape_interval " +
                      FormatDuration(config->scrape_interval) + " of job \"" + config->job_name + "\"");
  }
  return {};
}

Result<ScrapeConfig> ParseScrapeConfig(const ConfigNode& node, const ScrapeDefaults& defaults) {
  if (node.IsNull()) return node.Error("empty item in scrape_configs");
  ScrapeConfig config;
  config.scrape_interval = 0;
  config.scrape_timeout = 0;
  config.samples.limits = defaults.limits;
  const auto rules = [](std::vector<RelabelRule>* out) {
    return [out](const ConfigNode& list) -> Status {
      CACHESCOPE_ASSIGN_OR_RETURN(*out, ParseRelabelRules(list));
      return {};
    };
  };
  MappingReader reader(node, "scrape_configs");
  reader.String("job_name", &config.job_name)
      .Duration("scrape_interval", &config.scrape_interval)
      .Duration("scrape_timeout", &config.scrape_timeout)
      .String("metrics_path", &config.metrics_path)
      .String("scheme", &config.scheme)
      .Node("params", [&](const ConfigNode& params) { return ReadParams(params, &config); })
      .Each("static_configs", [&](const ConfigNode& group) { return ReadStaticGroup(group, &config.static_configs); })
      .Node("relabel_configs", rules(&config.relabel))
      .Node("metric_relabel_configs", rules(&config.samples.metric_relabel))
      .Bool("honor_labels", &config.samples.honor_labels)
      .Bool("honor_timestamps", &config.samples.honor_timestamps)
      .Bool("track_timestamps_staleness", &config.samples.track_timestamps_staleness)
      .Int("keep_dropped_targets", &config.keep_dropped_targets, 0, kMaxLimit)
      .Allow("native_histogram_bucket_limit")
      .Allow("native_histogram_min_bucket_factor");
  ReadLimits(reader, &config.samples.limits);
  http::ReadSettings(reader, &config.http);
  AllowFormats(reader);
  RefuseDiscovery(reader);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (config.job_name.empty()) return node.Error("job_name is empty");
  if (config.scheme != "http" && config.scheme != "https")
    return node.Error("unsupported scheme \"" + config.scheme + "\"");
  CACHESCOPE_RETURN_IF_ERROR(CheckTimes(node, defaults, &config));
  CACHESCOPE_RETURN_IF_ERROR(http::CheckSettings(node, &config.http));
  return config;
}

// Fields separated by a byte no configuration text holds.
class Fingerprint {
 public:
  Fingerprint& Add(std::string_view field) {
    text_ += field;
    text_ += '\x1f';
    return *this;
  }
  Fingerprint& Add(std::int64_t number) { return Add(std::to_string(number)); }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

Result<ScrapeDefaults> ParseScrapeDefaults(const ConfigNode& global) {
  ScrapeDefaults out;
  DurationMs timeout = 0;
  MappingReader reader(global, "global");
  reader.Duration("scrape_interval", &out.scrape_interval)
      .Duration("scrape_timeout", &timeout)
      .Node("external_labels",
            [&out](const ConfigNode& node) { return ReadExternalLabels(node, &out.external_labels); })
      .Allow("evaluation_interval")
      .Allow("rule_query_offset")
      .Allow("query_log_file")
      .Allow("keep_dropped_targets");
  ReadLimits(reader, &out.limits);
  AllowFormats(reader);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (out.scrape_interval <= 0) out.scrape_interval = ScrapeDefaults().scrape_interval;
  out.scrape_timeout = timeout > 0 ? timeout : std::min(out.scrape_timeout, out.scrape_interval);
  if (out.scrape_timeout > out.scrape_interval)
    return global.Error("global scrape_timeout is greater than scrape_interval");
  return out;
}

Result<std::vector<ScrapeConfig>> ParseScrapeConfigs(const ConfigNode& list, const ScrapeDefaults& defaults) {
  std::vector<ScrapeConfig> out;
  if (list.IsNull()) return out;
  if (!list.IsSequence()) return list.Error("expected a list of scrape configurations");
  std::unordered_map<std::string, int> lines;
  for (const ConfigNode& item : list.items()) {
    CACHESCOPE_ASSIGN_OR_RETURN(ScrapeConfig config, ParseScrapeConfig(item, defaults));
    const auto [found, fresh] = lines.emplace(config.job_name, item.line());
    if (!fresh) {
      return item.Error("job name \"" + config.job_name + "\" is used twice, first in line " +
                        std::to_string(found->second));
    }
    out.push_back(std::move(config));
  }
  return out;
}

std::string FingerprintOf(const SampleSettings& s) {
  Fingerprint out;
  out.Add(s.honor_labels).Add(s.honor_timestamps).Add(s.track_timestamps_staleness);
  out.Add(static_cast<std::int64_t>(s.limits.body_bytes)).Add(s.limits.samples).Add(s.limits.labels);
  out.Add(s.limits.label_name_bytes).Add(s.limits.label_value_bytes);
  for (const RelabelRule& rule : s.metric_relabel) out.Add(rule.Fingerprint());
  return out.Take();
}

}  // namespace cachescope::collect
