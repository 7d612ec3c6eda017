// What to scrape and how: the `global:` and `scrape_configs:` sections of a prometheus.yml, as plain data.
// Keys and defaults: https://prometheus.io/docs/prometheus/latest/configuration/configuration/
// Limits differ from upstream: an absent limit has a safe default here, an explicit 0 means none.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/config_node.h"
#include "model/labels.h"
#include "model/relabel.h"
#include "server/http/settings.h"

namespace cachescope::collect {

// 0: no limit. Exceeding one fails the whole scrape; `targets` fails all targets of the job.
struct ScrapeLimits {
  std::uint64_t body_bytes = 64 << 20;  // after decompression
  std::int64_t samples = 1'000'000;     // after metric_relabel_configs
  std::int64_t labels = 64;             // per series, the metric name and target labels included
  std::int64_t label_name_bytes = 1 << 10;
  std::int64_t label_value_bytes = 16 << 10;
  std::int64_t targets = 0;
};

// The part of `global:` that concerns scraping.
struct ScrapeDefaults {
  DurationMs scrape_interval = 60'000;
  DurationMs scrape_timeout = 10'000;
  ScrapeLimits limits;
  Labels external_labels;  // $VAR and ${VAR} replaced from the environment, $$ is a dollar sign
};

// How samples of a source are treated, whatever the source is.
struct SampleSettings {
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  ScrapeLimits limits;
  std::vector<RelabelRule> metric_relabel;
};

struct StaticGroup {
  std::vector<std::string> targets;  // host:port
  std::vector<std::pair<std::string, std::string>> labels;
};

struct ScrapeConfig {
  std::string job_name;
  DurationMs scrape_interval = 60'000;
  DurationMs scrape_timeout = 10'000;
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::vector<std::pair<std::string, std::vector<std::string>>> params;
  std::vector<StaticGroup> static_configs;
  std::vector<RelabelRule> relabel;
  SampleSettings samples;
  http::Settings http;
  std::int64_t keep_dropped_targets = 0;  // how many are listed; 0: all up to a fixed bound
};

// All errors are kInvalidArgument and begin with FILE:LINE:COL. Other known keys of `global:` are left to their owners.
Result<ScrapeDefaults> ParseScrapeDefaults(const ConfigNode& global);
// The list under `scrape_configs:`; a null node is an empty list. Also refuses a job name used twice.
Result<std::vector<ScrapeConfig>> ParseScrapeConfigs(const ConfigNode& list, const ScrapeDefaults& defaults);
// Equal texts: a running loop may go on unchanged. Covers what a target's labels and URL do not show.
std::string FingerprintOf(const SampleSettings& settings);

}  // namespace cachescope::collect
