#include "server/notify/forward/forward_config.h"

#include <algorithm>

namespace cachescope::notify {
namespace {

// One entry of `alertmanagers:` before its targets are known.
struct Peers {
  std::string scheme = "http";
  std::string path_prefix;
  std::string api_version = "v2";
  DurationMs timeout = 10'000;
  http::Settings http;
  std::vector<RelabelRule> relabel;
};

Status AddTarget(const Peers& peers, const std::string& address,
                 const std::vector<std::pair<std::string, std::string>>& labels, ForwardConfig* out) {
  LabelsBuilder builder;
  for (const auto& [name, value] : labels) builder.Set(name, value);
  builder.Set("__address__", address).Set("__scheme__", peers.scheme);
  builder.Set("__alerts_path__", peers.path_prefix + "/api/v2/alerts");
  if (!ApplyRelabelRules(peers.relabel, &builder)) return {};
  ForwardTarget target;
  target.url = std::string(builder.Get("__scheme__")) + "://" + std::string(builder.Get("__address__")) +
               std::string(builder.Get("__alerts_path__"));
  target.http = peers.http;
  target.timeout = peers.timeout;
  const auto same = [&](const ForwardTarget& other) { return other.url == target.url; };
  if (std::none_of(out->targets.begin(), out->targets.end(), same)) out->targets.push_back(std::move(target));
  return {};
}

Status ReadGroup(const ConfigNode& node, const Peers& peers, ForwardConfig* out) {
  std::vector<std::string> targets;
  std::vector<std::pair<std::string, std::string>> labels;
  MappingReader reader(node, "static_configs");
  reader.Strings("targets", &targets).StringMap("labels", &labels);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  for (const std::string& target : targets) {
    if (target.empty() || target.find('/') != std::string::npos) {
      return node.Error("\"" + target + "\" is not a valid hostname");
    }
    CACHESCOPE_RETURN_IF_ERROR(AddTarget(peers, target, labels, out));
  }
  return {};
}

Status ReadPeers(const ConfigNode& node, ForwardConfig* out) {
  constexpr std::string_view kWhy = "list the addresses under static_configs";
  Peers peers;
  MappingReader reader(node, "alertmanagers");
  reader.String("scheme", &peers.scheme)
      .String("path_prefix", &peers.path_prefix)
      .String("api_version", &peers.api_version)
      .Duration("timeout", &peers.timeout)
      .Node("relabel_configs",
            [&](const ConfigNode& list) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(peers.relabel, ParseRelabelRules(list));
              return {};
            })
      .Allow("static_configs")
      .Allow("alert_relabel_configs");
  http::ReadSettings(reader, &peers.http);
  for (const char* key : {"file_sd_configs", "http_sd_configs", "dns_sd_configs", "kubernetes_sd_configs",
                          "consul_sd_configs", "ec2_sd_configs", "azure_sd_configs", "gce_sd_configs", "sigv4"}) {
    reader.Unsupported(key, kWhy);
  }
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  CACHESCOPE_RETURN_IF_ERROR(http::CheckSettings(node, &peers.http));
  if (peers.scheme != "http" && peers.scheme != "https") return node.Error("scheme must be http or https");
  if (peers.api_version != "v2") return node.Error("expected Alertmanager api version to be one of [v2]");
  if (peers.timeout <= 0) return node.Error("timeout must be positive");
  const ConfigNode* groups = node.Find("static_configs");
  if (groups == nullptr || groups->IsNull()) return {};
  if (!groups->IsSequence()) return groups->Error("expected a list (field \"static_configs\")");
  for (const ConfigNode& group : groups->items()) CACHESCOPE_RETURN_IF_ERROR(ReadGroup(group, peers, out));
  return {};
}

}  // namespace

Result<ForwardConfig> ParseForwardConfig(const ConfigNode& node) {
  ForwardConfig out;
  MappingReader reader(node, "alerting");
  reader
      .Node("alert_relabel_configs",
            [&](const ConfigNode& list) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(out.alert_relabel, ParseRelabelRules(list));
              return {};
            })
      .Each("alertmanagers", [&](const ConfigNode& peers) { return ReadPeers(peers, &out); });
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  return out;
}

}  // namespace cachescope::notify
