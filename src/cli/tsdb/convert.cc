// `cachescope tsdb convert`: every block in the other encoding.
#include "server/storage/tsdb/offline/convert.h"

#include <iostream>

#include "cli/progress.h"
#include "cli/table.h"
#include "cli/tsdb/verbs.h"

namespace cachescope::cli {
namespace {

Json ReportJson(const tsdb::ConvertReport& report) {
  Json converted = Json::array();
  for (const auto& one : report.converted) {
    converted.push_back(
        {{"from", one.from}, {"to", one.to}, {"bytes_before", one.bytes_before}, {"bytes_after", one.bytes_after}});
  }
  Json failures = Json::array();
  for (const Status& failure : report.failures) failures.push_back(std::string(failure.message()));
  return {{"converted", converted}, {"unchanged", report.unchanged}, {"failures", failures}};
}

void PrintReport(const tsdb::ConvertReport& report) {
  std::vector<TableRow> rows{{"BLOCK ULID", "NEW BLOCK", "BEFORE", "AFTER"}};
  for (const auto& one : report.converted) {
    rows.push_back({one.from, one.to.empty() ? "(all deleted)" : one.to, HumanBytes(one.bytes_before),
                    HumanBytes(one.bytes_after)});
  }
  if (rows.size() > 1) std::cout << RenderTable(rows, 2);
  std::cout << Count(report.converted.size(), "block") << " converted, " << report.unchanged << " left as they are\n";
}

int DryRun(const Arguments& arguments) {
  const auto metrics = MetricsOf(arguments.tsdb.directory);
  if (!metrics.ok()) return Fail(metrics.status());
  const auto set = tsdb::BlockSet::Open(Env::Posix(), *metrics, true);
  if (!set.ok()) return Fail(set.status());
  Json blocks = Json::array();
  for (const auto& block : *(*set)->blocks()) {
    if (!tsdb::HasEncoding(block->meta(), EncodingNamed(arguments.tsdb.to))) blocks.push_back(block->meta().ulid);
  }
  if (arguments.json) {
    PrintJson({{"would_convert", blocks}});
    return kOk;
  }
  for (const Json& ulid : blocks) std::cout << "would convert " << ulid.get<std::string>() << "\n";
  std::cout << Count(blocks.size(), "block") << " would be converted to " << arguments.tsdb.to << "\n";
  return kOk;
}

}  // namespace

int TsdbConvert(const Arguments& arguments) {
  if (arguments.tsdb.dry_run) return DryRun(arguments);
  const auto access = OpenForWriting(arguments.tsdb.directory);
  if (!access.ok()) return FailToOpen(access.status());
  const auto set = tsdb::BlockSet::Open(Env::Posix(), access->metrics);
  if (!set.ok()) return Fail(set.status());
  Progress progress("converting");
  tsdb::BlockWriteOptions write;
  write.encoding = EncodingNamed(arguments.tsdb.to);
  const auto report = tsdb::ConvertBlocks(**set, write, [&](const tsdb::ConvertProgress& at) {
    progress.Rename("block " + std::to_string(at.block) + " of " + std::to_string(at.blocks));
    progress.Show(at.series, at.of_series, "series");
  });
  progress.Clear();
  if (!report.ok()) return Fail(report.status());
  for (const Status& failure : report->failures) {
    std::cerr << "cachescope: " << failure.message() << "\n";
  }
  if (!report->failures.empty()) {
    std::cerr << Count(report->failures.size(), "damaged block") << " left as found; `cachescope tsdb repair "
              << arguments.tsdb.directory << "` saves what reads\n";
  }
  for (const tsdb::AbsentBlock& absent : (*set)->absent()) {
    std::cerr << "warning: block " << absent.ulid << " is left alone: " << absent.reason << "\n";
  }
  if (arguments.json) {
    PrintJson(ReportJson(*report));
  } else {
    PrintReport(*report);
  }
  return report->failures.empty() ? kOk : kFailed;
}

}  // namespace cachescope::cli
