#include "server/collect/target.h"

#include <unordered_set>

#include "base/duration.h"
#include "server/http/message.h"

namespace cachescope::collect {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kScheme = "__scheme__";
constexpr std::string_view kMetricsPath = "__metrics_path__";
constexpr std::string_view kInterval = "__scrape_interval__";
constexpr std::string_view kTimeout = "__scrape_timeout__";
constexpr std::string_view kParamPrefix = "__param_";
constexpr std::size_t kMaxDroppedPerJob = 10'000;

void SetIfAbsent(std::string_view name, std::string_view value, LabelsBuilder* labels) {
  if (labels->Get(name).empty()) labels->Set(name, value);
}

Labels Discover(const ScrapeConfig& config, const StaticGroup& group, const std::string& address) {
  LabelsBuilder labels;
  for (const auto& [name, value] : group.labels) labels.Set(name, value);
  labels.Set(kAddress, address);
  SetIfAbsent("job", config.job_name, &labels);
  SetIfAbsent(kInterval, FormatDuration(config.scrape_interval), &labels);
  SetIfAbsent(kTimeout, FormatDuration(config.scrape_timeout), &labels);
  SetIfAbsent(kMetricsPath, config.metrics_path, &labels);
  SetIfAbsent(kScheme, config.scheme, &labels);
  for (const auto& [name, values] : config.params) {
    if (!values.empty()) SetIfAbsent(std::string(kParamPrefix) + name, values.front(), &labels);
  }
  return labels.Build();
}

// The query: the configured lists, the first value of each replaced by its __param_ label.
std::string BuildQuery(const ScrapeConfig& config, const LabelsBuilder& labels) {
  std::vector<std::pair<std::string, std::vector<std::string>>> params = config.params;
  for (const auto& [label, value] : labels.pairs()) {
    if (!label.starts_with(kParamPrefix)) continue;
    const std::string name = label.substr(kParamPrefix.size());
    auto found = params.begin();
    while (found != params.end() && found->first != name) ++found;
    if (found == params.end()) {
      params.push_back({name, {value}});
    } else if (found->second.empty()) {
      found->second.push_back(value);
    } else {
      found->second.front() = value;
    }
  }
  std::string query;
  for (const auto& [name, values] : params) {
    for (const std::string& value : values) {
      query += query.empty() ? '?' : '&';
      query += http::UrlEncode(name) + "=" + http::UrlEncode(value);
    }
  }
  return query;
}

// Bytes that would end the path or break the request line are escaped; the rest is taken as written.
std::string EscapePath(std::string_view path) {
  std::string out;
  if (path.empty() || path.front() != '/') out.push_back('/');
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || c == '?' || c == '#') {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out.push_back(c);
    }
  }
  return out;
}

Status CheckTimes(const LabelsBuilder& labels, TargetSpec* spec) {
  CACHESCOPE_ASSIGN_OR_RETURN(spec->interval, ParseDuration(labels.Get(kInterval)));
  CACHESCOPE_ASSIGN_OR_RETURN(spec->timeout, ParseDuration(labels.Get(kTimeout)));
  if (spec->interval <= 0) return InvalidArgument("scrape interval is 0");
  if (spec->timeout <= 0) return InvalidArgument("scrape timeout is 0");
  if (spec->timeout > spec->interval) return InvalidArgument("scrape timeout is greater than the interval");
  return {};
}

Result<TargetSpec> Finish(const ScrapeConfig& config, const Labels& discovered, LabelsBuilder* labels) {
  TargetSpec spec;
  const std::string address(labels->Get(kAddress));
  if (address.empty()) return InvalidArgument("no address");
  if (address.find_first_of("/?#@ \t\r\n") != std::string::npos)
    return InvalidArgument("\"" + address + "\" is not a valid hostname");
  const std::string scheme(labels->Get(kScheme));
  if (scheme != "http" && scheme != "https") return InvalidArgument("unsupported scheme \"" + scheme + "\"");
  CACHESCOPE_RETURN_IF_ERROR(CheckTimes(*labels, &spec));
  spec.job = config.job_name;
  spec.discovered = discovered;
  spec.url = scheme + "://" + address + EscapePath(labels->Get(kMetricsPath)) + BuildQuery(config, *labels);
  SetIfAbsent("instance", address, labels);
  std::vector<std::string> internal;
  for (const auto& [name, value] : labels->pairs()) {
    if (name.starts_with("__")) internal.push_back(name);
    if (!IsValidUtf8(value)) return InvalidArgument("label \"" + name + "\" is not valid UTF-8");
  }
  labels->DeleteAll(internal);
  spec.labels = labels->Build();
  return spec;
}

}  // namespace

std::string_view TargetHealthName(TargetHealth health) noexcept {
  switch (health) {
    case TargetHealth::kUnknown:
      return "unknown";
    case TargetHealth::kUp:
      return "up";
    case TargetHealth::kDown:
      return "down";
  }
  return "unknown";
}

TargetSnapshot Target::Snapshot() const {
  const std::lock_guard lock(mutex_);
  return {spec_, health_, last_error_, last_scrape_, last_duration_seconds_, last_samples_};
}

void Target::Report(TimestampMs at, double duration_seconds, std::int64_t samples, std::string_view error) {
  const std::lock_guard lock(mutex_);
  health_ = error.empty() ? TargetHealth::kUp : TargetHealth::kDown;
  last_error_ = error;
  last_scrape_ = at;
  last_duration_seconds_ = duration_seconds;
  last_samples_ = samples;
}

BuiltTargets BuildTargets(const ScrapeConfig& config) {
  BuiltTargets out;
  std::unordered_set<std::string> seen;
  const std::size_t max_dropped =
      config.keep_dropped_targets > 0 ? static_cast<std::size_t>(config.keep_dropped_targets) : kMaxDroppedPerJob;
  for (const StaticGroup& group : config.static_configs) {
    for (const std::string& address : group.targets) {
      const Labels discovered = Discover(config, group, address);
      LabelsBuilder labels(discovered);
      if (!ApplyRelabelRules(config.relabel, &labels)) {
        if (out.dropped.size() < max_dropped) out.dropped.push_back({config.job_name, discovered});
        continue;
      }
      auto spec = Finish(config, discovered, &labels);
      if (!spec.ok()) {
        out.errors.push_back("cannot scrape target " + address + " of job " + config.job_name + ": " +
                             std::string(spec.status().message()));
      } else if (seen.insert(spec->labels.bytes() + '\0' + spec->url).second) {
        out.active.push_back(std::move(*spec));
      }
    }
  }
  return out;
}

}  // namespace cachescope::collect
