#include "server/storage/tsdb/block/block_meta.h"

#include <nlohmann/json.hpp>

#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kVersion = 1;
constexpr std::uint64_t kMaxMetaBytes = 64 << 20;
// A program that does not read relative chunks does not know this name, and leaves the block alone.
constexpr const char* kRelativeEncoding = "packed_relative";

std::string MetaPath(const std::string& block_directory) { return JoinPath(block_directory, "meta.json"); }

struct NotWhole {
  const char* key;
};

// nlohmann casts a number with a fraction or an exponent as it is, which is undefined when it does not fit.
template <typename T>
T Whole(const Json& value, const char* key) {
  if (value.is_number_float()) throw NotWhole{key};
  return value.get<T>();
}

std::uint64_t CountIn(const Json& stats, const char* key) {
  return Whole<std::uint64_t>(stats.value(key, Json(0)), key);
}

// Throws NotWhole, and nlohmann's exceptions on wrong types.
BlockMeta FromJson(const Json& json) {
  BlockMeta meta;
  json.at("ulid").get_to(meta.ulid);
  meta.mint = Whole<TimestampMs>(json.at("minTime"), "minTime");
  meta.maxt = Whole<TimestampMs>(json.at("maxTime"), "maxTime");
  if (const auto stats = json.find("stats"); stats != json.end()) {
    meta.samples = CountIn(*stats, "numSamples");
    meta.float_samples = CountIn(*stats, "numFloatSamples");
    meta.histogram_samples = CountIn(*stats, "numHistogramSamples");
    meta.series = CountIn(*stats, "numSeries");
    meta.chunks = CountIn(*stats, "numChunks");
    meta.tombstones = CountIn(*stats, "numTombstones");
  }
  const Json& compaction = json.at("compaction");
  meta.level = Whole<int>(compaction.at("level"), "level");
  meta.sources = compaction.value("sources", std::vector<std::string>());
  meta.deletable = compaction.value("deletable", false);
  meta.failed = compaction.value("failed", false);
  meta.hints = compaction.value("hints", std::vector<std::string>());
  for (const Json& parent : compaction.value("parents", Json::array())) {
    meta.parents.push_back({parent.value("ulid", ""), Whole<TimestampMs>(parent.value("minTime", Json(0)), "minTime"),
                            Whole<TimestampMs>(parent.value("maxTime", Json(0)), "maxTime")});
  }
  if (const auto ours = json.find("cachescope"); ours != json.end()) meta.encoding = ours->value("encoding", "");
  meta.relative = meta.encoding == kRelativeEncoding;
  if (meta.relative) meta.encoding = kPackedEncoding;
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
    if (const int version = Whole<int>(json.at("version"), "version"); version != kVersion) {
      return InvalidArgument("cannot use " + path + ": it has version " + std::to_string(version) +
                             ", this program knows version " + std::to_string(kVersion));
    }
    BlockMeta meta = FromJson(json);
    if (!IsUlid(meta.ulid)) return Corruption("cannot use " + path + ": \"" + meta.ulid + "\" is no ULID");
    if (meta.mint > meta.maxt) return Corruption("cannot use " + path + ": it ends before it begins");
    return meta;
  } catch (const NotWhole& e) {
    return Corruption("cannot read " + path + ": \"" + e.key + "\" is no whole number");
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
  if (!meta.encoding.empty()) {
    json["cachescope"] = {{"encoding", meta.relative ? kRelativeEncoding : meta.encoding}};
  }
  return env.ReplaceFile(MetaPath(block_directory), json.dump(1, '\t'));
}

}  // namespace cachescope::tsdb
