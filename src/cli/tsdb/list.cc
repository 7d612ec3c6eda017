// `cachescope tsdb list`: a line per block.
#include <algorithm>
#include <iostream>

#include "cli/progress.h"
#include "cli/table.h"
#include "cli/tsdb/verbs.h"
#include "server/storage/tsdb/block/block_set.h"

namespace cachescope::cli {
namespace {

std::uint64_t BytesOnDisk(const tsdb::Block& block) {
  std::uint64_t bytes = 0;
  for (const std::string& path : {block.directory(), JoinPath(block.directory(), "chunks")}) {
    const auto files = Env::Posix().List(path);
    if (!files.ok()) continue;
    for (const DirectoryEntry& file : *files) bytes += file.size;
  }
  return bytes;
}

std::string EncodingOf(const tsdb::BlockMeta& meta) { return meta.encoding.empty() ? "xor" : meta.encoding; }

std::vector<std::string> FlagsOf(const tsdb::BlockMeta& meta) {
  std::vector<std::string> out = meta.hints;
  if (meta.tombstones > 0) out.push_back("tombstones");
  if (meta.failed) out.emplace_back("failed");
  return out;
}

Json BlockJson(const tsdb::BlockMeta& meta, std::uint64_t bytes) {
  return {{"ulid", meta.ulid},      {"min_time", meta.mint},
          {"max_time", meta.maxt},  {"samples", meta.samples},
          {"chunks", meta.chunks},  {"series", meta.series},
          {"bytes", bytes},         {"encoding", EncodingOf(meta)},
          {"level", meta.level},    {"tombstones", meta.tombstones},
          {"failed", meta.failed},  {"hints", meta.hints},
          {"sources", meta.sources}};
}

TableRow BlockRow(const tsdb::BlockMeta& meta, std::uint64_t bytes, bool human) {
  const auto time = [&](TimestampMs t) { return human ? DateText(t) : std::to_string(t); };
  std::string flags;
  for (const std::string& flag : FlagsOf(meta)) flags += (flags.empty() ? "" : ",") + flag;
  return {meta.ulid,
          time(meta.mint),
          time(meta.maxt),
          DurationText(meta.maxt - meta.mint),
          std::to_string(meta.samples),
          std::to_string(meta.chunks),
          std::to_string(meta.series),
          human ? HumanBytes(bytes) : std::to_string(bytes),
          EncodingOf(meta),
          std::to_string(meta.level),
          flags.empty() ? "-" : flags};
}

}  // namespace

int TsdbList(const Arguments& arguments) {
  const auto metrics = MetricsOf(arguments.tsdb.directory);
  if (!metrics.ok()) return Fail(metrics.status());
  const auto set = tsdb::BlockSet::Open(Env::Posix(), *metrics, true);
  if (!set.ok()) return Fail(set.status());
  Json json{{"directory", *metrics}, {"blocks", Json::array()}, {"absent", Json::array()}};
  std::vector<TableRow> rows{{"BLOCK ULID", "MIN TIME", "MAX TIME", "DURATION", "NUM SAMPLES", "NUM CHUNKS",
                              "NUM SERIES", "SIZE", "ENCODING", "LEVEL", "FLAGS"}};
  for (const auto& block : *(*set)->blocks()) {
    const tsdb::BlockMeta meta = block->CurrentMeta();
    const std::uint64_t bytes = BytesOnDisk(*block);
    json["blocks"].push_back(BlockJson(meta, bytes));
    rows.push_back(BlockRow(meta, bytes, arguments.tsdb.human));
  }
  for (const tsdb::AbsentBlock& absent : (*set)->absent()) {
    json["absent"].push_back({{"ulid", absent.ulid}, {"reason", absent.reason}});
    if (!arguments.json) std::cerr << "warning: block " << absent.ulid << " is not served: " << absent.reason << "\n";
  }
  const std::uint64_t quarantined = (*set)->stats().quarantined;
  json["quarantined"] = quarantined;
  if (quarantined > 0 && !arguments.json) {
    std::cerr << "note: " << JoinPath(*metrics, tsdb::kQuarantine) << " holds " << Count(quarantined, "damaged block")
              << "; `cachescope tsdb repair` saves what reads\n";
  }
  if (arguments.json) {
    PrintJson(json);
  } else {
    std::cout << RenderTable(rows, 0);
  }
  return kOk;
}

}  // namespace cachescope::cli
