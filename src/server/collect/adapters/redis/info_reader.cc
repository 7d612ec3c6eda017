#include "server/collect/adapters/redis/info_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string>

#include "server/collect/adapters/redis/info_fields.h"

namespace cachescope::collect::redis {
namespace {

// Start times are computed from whole seconds and may flicker by one.
constexpr double kStartTolerance = 2;

// Fields of INFO that become labels of redis_instance_info, and the label.
struct FactField {
  std::string_view field;
  std::string_view label;
};
constexpr std::array kFacts = {
    FactField{"role", "role"},
    FactField{"redis_version", "redis_version"},
    FactField{"redis_build_id", "redis_build_id"},
    FactField{"redis_mode", "redis_mode"},
    FactField{"os", "os"},
    FactField{"maxmemory_policy", "maxmemory_policy"},
    FactField{"tcp_port", "tcp_port"},
    FactField{"run_id", "run_id"},
    FactField{"process_id", "process_id"},
    FactField{"master_replid", "master_replid"},
    FactField{"valkey_version", "valkey_version"},
    FactField{"valkey_release_stage", "valkey_release_stage"},
    FactField{"availability_zone", "availability_zone"},
};

// A number of a list "a=1,b=2" that is a family of its own.
struct ListPart {
  std::string_view key;
  Computed family;
  double divisor;
};

class InfoText {
 public:
  InfoText(const InfoContext& context, RedisEmitter* emitter) : context_(context), emitter_(emitter) {}

  InfoSummary Read(std::string_view info);

 private:
  using Handler = bool (InfoText::*)(std::string_view field, std::string_view value);
  // Reads the lines of a section that are more than a number; true when the line needs nothing else.
  bool ReadServer(std::string_view field, std::string_view value);
  bool ReadReplication(std::string_view field, std::string_view value);
  bool ReadReplica(std::string_view field, std::string_view value);
  bool ReadCommand(std::string_view field, std::string_view value);
  bool ReadLatency(std::string_view field, std::string_view value);
  bool ReadError(std::string_view field, std::string_view value);
  bool ReadDatabase(std::string_view field, std::string_view value);
  bool ReadSentinel(std::string_view field, std::string_view value);
  bool ReadCpu(std::string_view field, std::string_view value);
  bool SkipLine(std::string_view, std::string_view) { return true; }
  static Handler HandlerOf(std::string_view section);

  void ReadLine(std::string_view line);
  void EmitParts(std::string_view list, const LabelView& label, std::span<const ListPart> parts);
  void RememberFact(std::string_view field, std::string_view value);
  void EmitStart();
  void EmitEmptyDatabases();
  void EmitFacts();

  const InfoContext& context_;
  RedisEmitter* const emitter_;
  Handler handler_ = nullptr;
  InfoSummary summary_;
  std::array<std::string_view, kFacts.size()> facts_;
  std::array<bool, kMaxEmptyDatabases> seen_databases_{};
  std::string_view master_host_;
  std::string_view master_port_;
  std::string_view read_only_;
  double server_seconds_ = 0;
  double uptime_ = -1;
};

InfoText::Handler InfoText::HandlerOf(std::string_view section) {
  if (section == "Server") return &InfoText::ReadServer;
  if (section == "Replication") return &InfoText::ReadReplication;
  if (section == "Commandstats") return &InfoText::ReadCommand;
  if (section == "Latencystats") return &InfoText::ReadLatency;
  if (section == "Errorstats") return &InfoText::ReadError;
  if (section == "Keyspace") return &InfoText::ReadDatabase;
  if (section == "Sentinel") return &InfoText::ReadSentinel;
  if (section == "CPU") return &InfoText::ReadCpu;
  if (section == "Cluster Info") return &InfoText::SkipLine;  // Valkey 9; CLUSTER INFO is asked for by itself
  return nullptr;
}

InfoSummary InfoText::Read(std::string_view info) {
  while (!info.empty()) ReadLine(TakeLine(&info));
  EmitStart();
  EmitEmptyDatabases();
  EmitFacts();
  return std::move(summary_);
}

void InfoText::ReadLine(std::string_view line) {
  if (line.starts_with("# ")) {
    handler_ = HandlerOf(line.substr(2));
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return;
  const std::string_view field = line.substr(0, colon);
  const std::string_view value = line.substr(colon + 1);
  if (handler_ != nullptr && (this->*handler_)(field, value)) return;
  const RedisFamily* family = FindInfoField(field);
  if (family == nullptr || field == "process_id") RememberFact(field, value);
  const bool is_cluster = family == nullptr && field.starts_with("cluster_");
  if (family == nullptr && !is_cluster) return;
  const std::optional<double> number = ParseFieldValue(value);
  if (!number) return;
  if (is_cluster) {
    emitter_->AddClusterField(field, *number);
  } else {
    emitter_->AddField(*family, *number);
  }
}

void InfoText::RememberFact(std::string_view field, std::string_view value) {
  for (std::size_t i = 0; i < kFacts.size(); ++i) {
    if (kFacts[i].field == field) facts_[i] = value;
  }
  // Valkey calls it so, and may keep the old name beside it.
  if (field == "server_mode" && facts_[3].empty()) facts_[3] = value;
}

bool InfoText::ReadServer(std::string_view field, std::string_view value) {
  if (field == "uptime_in_seconds") uptime_ = ParseNumber(value).value_or(-1);
  if (field == "server_time_usec") server_seconds_ = std::floor(ParseNumber(value).value_or(0) / 1e6);
  return false;
}

// "master_link_status" and, in KeyDB with several masters, "master_1_link_status".
bool InfoText::ReadReplication(std::string_view field, std::string_view value) {
  if (field == "slave_repl_offset") {
    emitter_->Add(Computed::kSlaveReplOffset, {{"master_host", master_host_}, {"master_port", master_port_}},
                  ParseNumber(value).value_or(0));
    return true;
  }
  if (field.starts_with("slave") && field != "slave_read_only") return ReadReplica(field, value);
  if (field == "slave_read_only") read_only_ = value;
  if (!field.starts_with("master_")) return false;
  std::string_view what = field.substr(7);
  if (const std::string_view number = what.substr(0, what.find('_')); IsNumber(number) && number.size() < what.size()) {
    what.remove_prefix(number.size() + 1);
  }
  const std::initializer_list<LabelView> labels = {{"master_host", master_host_}, {"master_port", master_port_}};
  if (what == "host") {
    master_host_ = value;
  } else if (what == "port") {
    master_port_ = value;
  } else if (what == "link_status") {
    emitter_->Add(Computed::kMasterLinkUp, labels, value == "up" ? 1 : 0);
    return true;
  } else if (what == "last_io_seconds_ago") {
    emitter_->Add(Computed::kMasterLastIo, labels, ParseNumber(value).value_or(0));
    return true;
  } else if (what == "sync_in_progress") {
    emitter_->Add(Computed::kMasterSyncInProgress, labels, ParseNumber(value).value_or(0));
    return true;
  }
  return false;
}

// slave0:ip=10.0.0.5,port=6379,state=online,offset=1751844676,lag=0
bool InfoText::ReadReplica(std::string_view field, std::string_view value) {
  const std::optional<double> offset = FindNumber(value, "offset");
  if (!IsNumber(field.substr(5)) || !offset) return false;
  const std::initializer_list<LabelView> labels = {{"slave_ip", Find(value, "ip").value_or("")},
                                                   {"slave_port", Find(value, "port").value_or("")},
                                                   {"slave_state", Find(value, "state").value_or("")}};
  emitter_->Add(Computed::kConnectedSlaveOffset, labels, *offset);
  if (const std::optional<double> lag = FindNumber(value, "lag"); lag && *lag >= 0) {
    emitter_->Add(Computed::kConnectedSlaveLag, labels, *lag);
  }
  return true;
}

// cmdstat_get:calls=21,usec=175,usec_per_call=8.33,rejected_calls=0,failed_calls=0
bool InfoText::ReadCommand(std::string_view field, std::string_view value) {
  if (!field.starts_with("cmdstat_")) return true;
  const std::string_view command = field.substr(8);
  CommandCalls totals{-1, -1};
  std::string_view rest = value;
  while (!rest.empty() && (totals.calls < 0 || totals.usec < 0)) {
    std::string_view number = Take(&rest, ',');
    const std::string_view key = Take(&number, '=');
    if (key == "calls") totals.calls = ParseNumber(number).value_or(-1);
    if (key == "usec") totals.usec = ParseNumber(number).value_or(-1);
  }
  if (totals.calls < 0 || totals.usec < 0) return true;
  summary_.commands.insert_or_assign(command, totals);
  emitter_->Add(Computed::kCommands, {{"cmd", command}}, totals.calls);
  emitter_->Add(Computed::kCommandsDuration, {{"cmd", command}}, totals.usec / 1e6);
  static constexpr ListPart kParts[] = {{"rejected_calls", Computed::kCommandsRejected, 1},
                                        {"failed_calls", Computed::kCommandsFailed, 1},
                                        {"slowlog_count", Computed::kCommandsSlowlog, 1},
                                        {"slowlog_time_ms_sum", Computed::kCommandsSlowlogDuration, 1e3},
                                        {"slowlog_time_ms_max", Computed::kCommandsSlowlogDurationMax, 1e3}};
  EmitParts(rest, {"cmd", command}, kParts);
  return true;
}

void InfoText::EmitParts(std::string_view list, const LabelView& label, std::span<const ListPart> parts) {
  while (!list.empty()) {
    std::string_view text = Take(&list, ',');
    const std::string_view key = Take(&text, '=');
    for (const ListPart& part : parts) {
      if (part.key != key) continue;
      if (const std::optional<double> number = ParseNumber(text))
        emitter_->Add(part.family, {label}, *number / part.divisor);
    }
  }
}

// latency_percentiles_usec_get:p50=1.003,p99=3.007,p99.9=9.023; comes after the section with the calls.
bool InfoText::ReadLatency(std::string_view field, std::string_view value) {
  constexpr std::string_view kPrefix = "latency_percentiles_usec_";
  if (!field.starts_with(kPrefix)) return true;
  const std::string_view command = field.substr(kPrefix.size());
  const auto known = summary_.commands.find(command);
  if (known == summary_.commands.end()) return true;
  while (!value.empty()) {
    std::string_view number = Take(&value, ',');
    const std::string_view percentile = Take(&number, '=');
    const std::optional<double> usec = ParseNumber(number);
    if (!usec || percentile.size() < 2 || !ParseNumber(percentile.substr(1))) continue;
    emitter_->Add(Computed::kLatencyPercentiles, {{"cmd", command}, {"quantile", percentile.substr(1)}}, *usec);
  }
  emitter_->Add(Computed::kLatencyPercentiles, "_sum", {{"cmd", command}}, known->second.usec);
  emitter_->Add(Computed::kLatencyPercentiles, "_count", {{"cmd", command}}, known->second.calls);
  return true;
}

bool InfoText::ReadError(std::string_view field, std::string_view value) {
  const std::optional<double> count = FindNumber(value, "count");
  if (field.starts_with("errorstat_") && count) emitter_->Add(Computed::kErrors, {{"err", field.substr(10)}}, *count);
  return true;
}

// db0:keys=23,expires=4,avg_ttl=99489
bool InfoText::ReadDatabase(std::string_view field, std::string_view value) {
  const std::optional<double> keys = FindNumber(value, "keys");
  const std::optional<double> expires = FindNumber(value, "expires");
  if (!field.starts_with("db") || !IsNumber(field.substr(2)) || !keys || !expires) return true;
  if (const double index = ParseNumber(field.substr(2)).value_or(kMaxEmptyDatabases); index < kMaxEmptyDatabases) {
    seen_databases_[static_cast<std::size_t>(index)] = true;
  }
  emitter_->Add(Computed::kDbKeys, {{"db", field}}, *keys);
  emitter_->Add(Computed::kDbKeysExpiring, {{"db", field}}, *expires);
  static constexpr ListPart kParts[] = {{"avg_ttl", Computed::kDbAvgTtl, 1e3},
                                        {"cached_keys", Computed::kDbKeysCached, 1},
                                        {"subexpiry", Computed::kDbKeysWithExpiringItems, 1},
                                        {"keys_with_volatile_items", Computed::kDbKeysWithExpiringItems, 1}};
  EmitParts(value, {"db", field}, kParts);
  return true;
}

// master0:name=mymaster,status=ok,address=10.0.0.5:6379,slaves=1,sentinels=3
bool InfoText::ReadSentinel(std::string_view field, std::string_view value) {
  if (!field.starts_with("master") || !IsNumber(field.substr(6))) return false;
  const std::string_view name = Find(value, "name").value_or("");
  const std::string_view status = Find(value, "status").value_or("");
  const std::string_view address = Find(value, "address").value_or("");
  const std::initializer_list<LabelView> labels = {{"master_name", name}, {"master_address", address}};
  emitter_->Add(Computed::kSentinelMasterStatus,
                {{"master_name", name}, {"master_address", address}, {"master_status", status}},
                status == "ok" ? 1 : 0);
  if (const auto slaves = FindNumber(value, "slaves")) emitter_->Add(Computed::kSentinelMasterSlaves, labels, *slaves);
  if (const auto watchers = FindNumber(value, "sentinels")) {
    emitter_->Add(Computed::kSentinelMasterSentinels, labels, *watchers);
  }
  return true;
}

bool InfoText::ReadCpu(std::string_view field, std::string_view value) {
  constexpr std::string_view kPrefix = "used_active_time_io_thread_";
  if (!field.starts_with(kPrefix) || !IsNumber(field.substr(kPrefix.size()))) return false;
  if (const std::optional<double> seconds = ParseNumber(value)) {
    emitter_->Add(Computed::kIoThreadActiveTime, {{"thread", field.substr(kPrefix.size())}}, *seconds);
  }
  return true;
}

void InfoText::EmitStart() {
  if (uptime_ < 0) return;
  const double now = server_seconds_ > 0 ? server_seconds_ : std::floor(context_.now_seconds);
  double start = now - uptime_;
  if (std::abs(start - context_.known_start_seconds) <= kStartTolerance) start = context_.known_start_seconds;
  summary_.start_seconds = start;
  emitter_->Add(Computed::kStartTime, start);
}

void InfoText::EmitEmptyDatabases() {
  const int count = std::clamp(context_.databases, 0, kMaxEmptyDatabases);
  for (int i = 0; i < count; ++i) {
    if (seen_databases_[static_cast<std::size_t>(i)]) continue;
    const std::string name = "db" + std::to_string(i);
    emitter_->Add(Computed::kDbKeys, {{"db", name}}, 0);
    emitter_->Add(Computed::kDbKeysExpiring, {{"db", name}}, 0);
  }
}

void InfoText::EmitFacts() {
  std::vector<LabelView> labels;
  for (std::size_t i = 0; i < kFacts.size(); ++i) {
    if (!facts_[i].empty()) labels.push_back({kFacts[i].label, facts_[i]});
  }
  emitter_->Add(Computed::kInstanceInfo, labels, 1);
  if (facts_[0] == "slave") {
    emitter_->Add(Computed::kSlaveInfo,
                  {{"master_host", master_host_}, {"master_port", master_port_}, {"read_only", read_only_}}, 1);
  }
}

}  // namespace

RedisFeatures FeaturesOf(std::string_view info) {
  RedisFeatures features;
  while (!info.empty()) {
    std::string_view value = TakeLine(&info);
    const std::string_view field = Take(&value, ':');
    if (field == "redis_mode" || field == "server_mode") features.is_sentinel |= value == "sentinel";
    if (field == "cluster_enabled") features.has_cluster = value == "1";
    if (field == "valkey_version") features.has_latency_histograms = true;
    if (field == "redis_version") {
      features.has_latency_histograms |= ParseNumber(value.substr(0, value.find('.'))).value_or(0) >= 7;
    }
  }
  if (features.is_sentinel) features.has_latency_histograms = features.has_cluster = false;
  return features;
}

InfoSummary EmitInfo(std::string_view info, const InfoContext& context, RedisEmitter* emitter) {
  return InfoText(context, emitter).Read(info);
}

void EmitClusterInfo(std::string_view text, RedisEmitter* emitter) {
  while (!text.empty()) {
    std::string_view value = TakeLine(&text);
    const std::string_view field = Take(&value, ':');
    if (!field.starts_with("cluster_")) continue;
    const std::optional<double> number = ParseFieldValue(value);
    if (!number) continue;
    if (const RedisFamily* family = FindInfoField(field)) {
      emitter->AddField(*family, *number);
    } else {
      emitter->AddClusterField(field, *number);
    }
  }
}

}  // namespace cachescope::collect::redis
