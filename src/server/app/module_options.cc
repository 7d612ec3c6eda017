#include "server/app/module_options.h"

#include <algorithm>
#include <span>

#include "base/duration.h"
#include "base/log.h"
#include "server/http/listen_address.h"

namespace cachescope::app {
namespace {

// Features of upstream that need no switch here.
constexpr std::string_view kAlwaysOn[] = {"exemplar-storage", "native-histograms", "promql-duration-expr",
                                          "promql-per-step-stats", "remote-write-receiver"};

// Upstream stores start times beside samples, or zeros at the start times; here both names keep the start times.
constexpr std::string_view kStartTimes[] = {"created-timestamp-zero-ingestion", "st-storage"};

constexpr DurationMs kMemoryRetention = 24LL * 3600 * 1000;
constexpr DurationMs kDiskRetention = 15 * kMemoryRetention;

bool IsOneOf(std::span<const std::string_view> names, std::string_view feature) {
  return std::find(names.begin(), names.end(), feature) != names.end();
}

}  // namespace

Status CheckExposure(const ServerOptions& options) {
  CACHESCOPE_ASSIGN_OR_RETURN(const http::ListenAddress address, http::ParseListenAddress(options.listen_address));
  if (options.insecure_listen || http::IsLoopback(address)) return {};
  return InvalidArgument("cannot listen on " + options.listen_address +
                         ": other machines could reach it, and there is neither TLS nor a password in front; listen on "
                         "127.0.0.1 behind a proxy that has them, or say --insecure-listen if the network is trusted");
}

promql::EngineOptions EngineOptionsOf(const ServerOptions& options) {
  promql::EngineOptions out;
  out.timeout = std::chrono::milliseconds(options.query_timeout);
  out.max_samples = options.query_max_samples;
  const std::pair<std::string_view, bool*> switches[] = {
      {"promql-experimental-functions", &out.parser.experimental_functions},
      {"promql-extended-range-selectors", &out.parser.extended_range_selectors},
      {"promql-binop-fill-modifiers", &out.parser.binop_fill_modifiers},
      {"promql-delayed-name-removal", &out.delayed_name_removal}};
  for (const std::string& feature : options.features) {
    const auto* const found = std::find_if(std::begin(switches), std::end(switches),
                                           [&](const auto& entry) { return entry.first == feature; });
    if (found != std::end(switches)) {
      *found->second = true;
    } else if (!IsOneOf(kAlwaysOn, feature) && !IsOneOf(kStartTimes, feature)) {
      LogWarn("unknown feature", {{"name", feature}});
    }
  }
  return out;
}

api::StartTimes StartTimesOf(const ServerOptions& options) {
  const bool keep = std::any_of(options.features.begin(), options.features.end(),
                                [](const std::string& feature) { return IsOneOf(kStartTimes, feature); });
  return keep ? api::StartTimes::kKeep : api::StartTimes::kIgnore;
}

collect::ScrapeManagerOptions ScrapeOptions(storage::ExemplarStore* exemplars) {
  collect::ScrapeManagerOptions out;
  out.scrape_at_once = true;
  out.exemplars = exemplars;
  out.user_agent = "cachescope/" + ProgramVersion().version;
  return out;
}

DurationMs RetentionOf(const ServerOptions& options) {
  if (options.retention != 0) return options.retention;
  return options.storage_path.empty() ? kMemoryRetention : kDiskRetention;
}

StoreOptions StoreOptionsOf(const ServerOptions& options, const StorageConfig& config,
                            storage::ExemplarStore* exemplars) {
  StoreOptions out;
  out.path = options.storage_path;
  out.max_series = options.max_series;
  out.retention_time = RetentionOf(options);
  out.retention_bytes = options.retention_bytes;
  out.config = config;
  out.exemplars = exemplars;
  out.read_only = options.read_only;
  return out;
}

std::vector<std::pair<std::string, std::string>> FlagsOf(const ServerOptions& options) {
  return {{"config.file", options.config_file},
          {"insecure-listen", options.insecure_listen ? "true" : "false"},
          {"query.max-concurrency", std::to_string(options.query_concurrency)},
          {"query.max-samples", std::to_string(options.query_max_samples)},
          {"query.timeout", FormatDuration(options.query_timeout)},
          {"read-only", options.read_only ? "true" : "false"},
          {"storage.max-series", std::to_string(options.max_series)},
          {"storage.tsdb.path", options.storage_path},
          {"storage.tsdb.retention.time", FormatDuration(RetentionOf(options))},
          {"storage.tsdb.retention.size", std::to_string(options.retention_bytes)},
          {"web.cors.origin", options.cors_origin},
          {"web.enable-admin-api", options.admin_api ? "true" : "false"},
          {"web.enable-lifecycle", options.lifecycle ? "true" : "false"},
          {"web.enable-remote-write-receiver", options.remote_write ? "true" : "false"},
          {"web.external-url", options.external_url},
          {"web.listen-address", options.listen_address}};
}

}  // namespace cachescope::app
