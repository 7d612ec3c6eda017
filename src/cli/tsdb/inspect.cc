// `cachescope tsdb inspect`: what takes series and space.
#include "server/storage/tsdb/offline/inspect.h"

#include <cstdio>
#include <iostream>

#include "base/number.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/tsdb/verbs.h"
#include "server/storage/tsdb/db/db.h"

namespace cachescope::cli {
namespace {

std::string PerSample(const tsdb::ChunkTotals& chunks) {
  if (chunks.samples == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", static_cast<double>(chunks.bytes) / static_cast<double>(chunks.samples));
  return text;
}

std::size_t Shown(std::size_t size, std::size_t limit) { return limit == 0 ? size : std::min(size, limit); }

void PrintCounts(const char* title, const char* head, const std::vector<tsdb::NamedCount>& list) {
  if (list.empty()) return;
  std::vector<TableRow> rows{{head, "COUNT"}};
  for (const tsdb::NamedCount& one : list) {
    std::string name;
    AppendQuoted(&name, one.name);  // control characters must not reach the terminal
    rows.push_back({name.substr(1, name.size() - 2), std::to_string(one.count)});
  }
  std::cout << "\n" << title << "\n" << RenderTable(rows, 1);
}

void PrintInspection(const tsdb::BlockInspection& found, std::size_t limit) {
  std::vector<TableRow> rows{{"ENCODING", "CHUNKS", "SAMPLES", "SIZE", "BYTES/SAMPLE"}};
  for (const auto& [name, totals] : found.encodings) {
    rows.push_back({name, std::to_string(totals.chunks), std::to_string(totals.samples), HumanBytes(totals.bytes),
                    PerSample(totals)});
  }
  std::cout << "\nChunks (index: " << HumanBytes(found.index_bytes) << ")\n" << RenderTable(rows, 4);
  rows = {{"METRIC", "SERIES", "SAMPLES", "SIZE", "BYTES/SAMPLE"}};
  for (std::size_t i = 0; i < Shown(found.metrics.size(), limit); ++i) {
    const tsdb::MetricTotals& metric = found.metrics[i];
    rows.push_back({metric.metric.empty() ? "(no name)" : metric.metric, std::to_string(metric.series),
                    std::to_string(metric.chunks.samples), HumanBytes(metric.chunks.bytes), PerSample(metric.chunks)});
  }
  std::cout << "\nMetrics by size: " << found.metrics.size() << "\n" << RenderTable(rows, 4);
  std::cout << "\nLabel pairs: " << found.pair_count << "\n";
  PrintCounts("Labels with the most values", "LABEL", found.names);
  PrintCounts("Label pairs with the most series", "PAIR", found.pairs);
  PrintCounts("Labels with the most bytes in values", "LABEL", found.name_bytes);
  if (found.unreadable > 0) {
    std::cout << "\n" << found.unreadable << " series or chunks do not read: see `cachescope tsdb verify`\n";
  }
}

Json TotalsJson(const tsdb::ChunkTotals& totals) {
  return {{"chunks", totals.chunks}, {"samples", totals.samples}, {"bytes", totals.bytes}};
}

Json CountsJson(const std::vector<tsdb::NamedCount>& list) {
  Json out = Json::array();
  for (const tsdb::NamedCount& one : list) out.push_back({{"name", one.name}, {"count", one.count}});
  return out;
}

Json InspectionJson(const tsdb::BlockInspection& found, std::size_t limit) {
  Json encodings = Json::object();
  for (const auto& [name, totals] : found.encodings) encodings[name] = TotalsJson(totals);
  Json metrics = Json::array();
  for (std::size_t i = 0; i < Shown(found.metrics.size(), limit); ++i) {
    Json one = TotalsJson(found.metrics[i].chunks);
    one["metric"] = found.metrics[i].metric;
    one["series"] = found.metrics[i].series;
    metrics.push_back(std::move(one));
  }
  return {{"series", found.series},
          {"index_bytes", found.index_bytes},
          {"chunks", TotalsJson(found.chunks)},
          {"encodings", encodings},
          {"metrics", metrics},
          {"label_pairs", found.pair_count},
          {"labels_by_values", CountsJson(found.names)},
          {"pairs_by_series", CountsJson(found.pairs)},
          {"labels_by_value_bytes", CountsJson(found.name_bytes)},
          {"unreadable", found.unreadable}};
}

void PrintStore(const tsdb::Db& db, const tsdb::DbStats& stats) {
  const auto range = [](TimestampMs from, TimestampMs to) { return DateText(from) + " to " + DateText(to); };
  std::cout << "Store:      " << db.directory() << "\n";
  std::cout << "Blocks:     " << stats.blocks.blocks << ", " << HumanBytes(stats.blocks.bytes) << "\n";
  std::cout << "Log:        " << stats.replay.segments << " segments, " << HumanBytes(stats.replay.bytes) << ", "
            << stats.replay.samples << " samples, read in " << stats.replay_ms << " ms";
  if (stats.replay.damages > 0) std::cout << ", " << stats.replay.damages << " damaged places";
  std::cout << "\nHead:       " << stats.head.series << " series, " << stats.head.chunks << " chunks";
  if (stats.head.min_time <= stats.head.max_time) std::cout << ", " << range(stats.head.min_time, stats.head.max_time);
  std::cout << "\nQuarantine: " << stats.blocks.quarantined << " blocks\n";
}

Json StoreJson(const tsdb::Db& db, const tsdb::DbStats& stats, const std::vector<tsdb::AbsentBlock>& absent) {
  Json missing = Json::array();
  for (const tsdb::AbsentBlock& one : absent) missing.push_back({{"ulid", one.ulid}, {"reason", one.reason}});
  return {{"directory", db.directory()},
          {"blocks", stats.blocks.blocks},
          {"block_bytes", stats.blocks.bytes},
          {"quarantined", stats.blocks.quarantined},
          {"absent", missing},
          {"log",
           {{"segments", stats.replay.segments},
            {"bytes", stats.replay.bytes},
            {"samples", stats.replay.samples},
            {"late_samples", stats.replay.late},
            {"damages", stats.replay.damages},
            {"damage", stats.replay.damage}}},
          {"head",
           {{"series", stats.head.series},
            {"chunks", stats.head.chunks},
            {"min_time", stats.head.min_time},
            {"max_time", stats.head.max_time}}}};
}

}  // namespace

int TsdbInspect(const Arguments& arguments) {
  const TsdbArguments& wanted = arguments.tsdb;
  const auto metrics = MetricsOf(wanted.directory);
  if (!metrics.ok()) return Fail(metrics.status());
  Progress progress("reading the log");
  const auto db = OpenStore(*metrics, true, &progress);
  if (!db.ok()) return Fail(db.status());
  const auto blocks = (*db)->blocks().blocks();
  tsdb::BlockInspection found;
  std::uint64_t done = 0;
  std::size_t inspected = 0;
  progress.Rename("inspecting");
  for (const auto& block : *blocks) {
    progress.Show(done++, blocks->size(), "blocks");
    if (!wanted.block.empty() && block->meta().ulid != wanted.block) continue;
    tsdb::AddInspection(&found, tsdb::InspectBlock(*block, wanted.limit));
    ++inspected;
  }
  progress.Clear();
  if (!wanted.block.empty() && inspected == 0) {
    return Fail(NotFound("cannot inspect block " + wanted.block + ": it is not in " + *metrics +
                         "; `cachescope tsdb list " + wanted.directory + "` names those that are"));
  }
  const tsdb::DbStats stats = (*db)->stats();
  if (arguments.json) {
    Json out = InspectionJson(found, wanted.limit);
    out["store"] = StoreJson(**db, stats, (*db)->blocks().absent());
    PrintJson(out);
    return kOk;
  }
  if (wanted.block.empty()) {
    PrintStore(**db, stats);
    for (const std::string& damage : stats.replay.damage) std::cout << "  damaged: " << damage << "\n";
    for (const auto& absent : (*db)->blocks().absent()) {
      std::cout << "  not served: block " << absent.ulid << ": " << absent.reason << "\n";
    }
  } else {
    std::cout << "Block:      " << wanted.block << ", " << found.series << " series\n";
  }
  if (inspected > 0) PrintInspection(found, wanted.limit);
  return kOk;
}

}  // namespace cachescope::cli
