#include "server/storage/tsdb/block/block_meta.h"

#include <nlohmann/json.hpp>

#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kVersion = 1;
constexpr std::uint64_t kMaxMetaBytes = 64 << 20;

std::string MetaPath(const std::string& block_directory) { return JoinPath(block_directory, "meta.json"); }

// Throws nlohmann's exceptions on wrong types.
BlockMeta FromJson(const Json& json) {
  BlockMeta meta;
  json.at("ulid").get_to(meta.ulid);
  json.at("minTime").get_to(meta.mint);
  json.at("maxTime").get_to(meta.maxt);
  if (const auto stats = json.find("stats"); stats != json.end()) {
    meta.samples = stats->value("numSamples", std::uint64_t{0});
    meta.float_samples = stats->value("numFloatSamples", std::uint64_t{0});
    meta.histogram_samples = stats->value("numHistogramSamples", std::uint64_t{0});
    meta.series = stats->value("numSeries", std::uint64_t{0});
    meta.chunks = stats->value("numChunks", std::uint64_t{0});
    meta.tombstones = stats->value("numTombstones", std::uint64_t{0});
  }
  const Json& compaction = json.at("compaction");
  compaction.at("level").get_to(meta.level);
  meta.sources = compaction.value("sources", std::vector<std::string>());
  meta.deletable = compaction.value("deletable", false);
  meta.failed = compaction.value("failed", false);
  meta.hints = compaction.value("hints", std::vector<std::string>());
  for (const Json& parent : compaction.value("parents", Json::array())) {
    meta.parents.push_back(
        {parent.value("ulid", ""), parent.value("minTime", TimestampMs{0}), parent.value("maxTime", TimestampMs{0})});
  }
  if (const auto ours = json.find("cachescope"); ours != json.end()) meta.encoding = ours->value("encoding", "");
  return meta;
}

Json StatsJson(const BlockMeta& meta) {
  Json stats = Json::object();
  const auto put = [&](const char* name, std::uint64_t value) {
    if (value != 0) stats[name] = value;
  };
  put("numSamples", meta.samples);
  put("numFloatSamples", meta.float_samples);
  put("numHistogramSamples", meta.histogram_samples);
  put("numSeries", meta.series);
  put("numChunks", meta.chunks);
  put("numTombstones", meta.tombstones);
  return stats;
}

Json CompactionJson(const BlockMeta& meta) {
  Json compaction = {{"level", meta.level}};
  if (!meta.sources.empty()) compaction["sources"] = meta.sources;
  if (meta.deletable) compaction["deletable"] = true;
  for (const BlockParent& parent : meta.parents) {
    compaction["parents"].push_back(Json{{"ulid", parent.ulid}, {"minTime", parent.mint}, {"maxTime", parent.maxt}});
  }
  if (meta.failed) compaction["failed"] = true;
  if (!meta.hints.empty()) compaction["hints"] = meta.hints;
  return compaction;
}

}  // namespace

Result<BlockMeta> ReadBlockMeta(Env& env, const std::string& block_directory) {
  const std::string path = MetaPath(block_directory);
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, env.ReadFile(path, kMaxMetaBytes));
  try {
    const Json json = Json::parse(text);
    if (const int version = json.at("version").get<int>(); version != kVersion) {
      return InvalidArgument("cannot use " + path + ": it has version " + std::to_string(version) +
                             ", this program knows version " + std::to_string(kVersion));
    }
    BlockMeta meta = FromJson(json);
    if (!IsUlid(meta.ulid)) return Corruption("cannot use " + path + ": \"" + meta.ulid + "\" is no ULID");
    if (meta.mint > meta.maxt) return Corruption("cannot use " + path + ": it ends before it begins");
    return meta;
  } catch (const Json::exception& e) {
    return Corruption("cannot read " + path + ": " + e.what());
  }
}

Status WriteBlockMeta(Env& env, const std::string& block_directory, const BlockMeta& meta) {
  Json json = {{"ulid", meta.ulid}, {"minTime", meta.mint}, {"maxTime", meta.maxt}};
  json["stats"] = StatsJson(meta);
  json["compaction"] = CompactionJson(meta);
  json["version"] = kVersion;
  // Readers that do not know the key leave it alone.
  if (!meta.encoding.empty()) json["cachescope"] = {{"encoding", meta.encoding}};
  return env.ReplaceFile(MetaPath(block_directory), json.dump(1, '\t'));
}

}  // namespace cachescope::tsdb
