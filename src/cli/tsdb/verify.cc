// `cachescope tsdb verify`: everything read once, all damage named.
#include "server/storage/tsdb/offline/verify.h"

#include <iostream>

#include "cli/progress.h"
#include "cli/tsdb/verbs.h"

namespace cachescope::cli {
namespace {

void PrintReport(const tsdb::VerifyReport& report, const std::string& directory) {
  for (const tsdb::Damage& damage : report.damages) std::cout << "damaged: " << damage.ToString() << "\n";
  if (report.damage_count > report.damages.size()) {
    std::cout << "and " << report.damage_count - report.damages.size() << " more places\n";
  }
  std::cout << Count(report.blocks, "block") << " with " << report.series << " series, "
            << Count(report.chunks, "chunk") << ", " << Count(report.samples, "sample") << "; log of "
            << Count(report.segments, "segment") << ", " << Count(report.records, "record") << ": ";
  if (report.damage_count == 0) {
    std::cout << "sound\n";
  } else {
    std::cout << report.damage_count << (report.damage_count == 1 ? " place is" : " places are") << " damaged\n"
              << "`cachescope tsdb repair " << directory << " --dry-run` says what can be saved\n";
  }
}

}  // namespace

int TsdbVerify(const Arguments& arguments) {
  const std::string& directory = arguments.tsdb.directory;
  const auto metrics = MetricsOf(directory);
  if (!metrics.ok()) return Fail(metrics.status());
  const std::string holder = HolderOf(directory);
  Progress progress("verifying");
  tsdb::VerifyOptions options;
  options.in_use = !holder.empty();
  options.report = [&](const tsdb::VerifyProgress& at) { progress.Show(at.bytes_done, at.bytes, "bytes"); };
  const auto report = tsdb::VerifyDirectory(Env::Posix(), *metrics, options);
  progress.Clear();
  if (!report.ok()) return Fail(report.status());
  if (arguments.json) {
    PrintJson({{"directory", *metrics},
               {"sound", report->damage_count == 0},
               {"blocks", report->blocks},
               {"series", report->series},
               {"chunks", report->chunks},
               {"samples", report->samples},
               {"segments", report->segments},
               {"records", report->records},
               {"unknown_records", report->unknown_records},
               {"damage_count", report->damage_count},
               {"damages", DamageJson(report->damages)},
               {"notes", report->notes},
               {"in_use_by", holder}});
  } else {
    if (!holder.empty()) std::cerr << "note: " << holder << " runs on " << directory << " and writes meanwhile\n";
    for (const std::string& note : report->notes) std::cerr << "note: " << note << "\n";
    PrintReport(*report, directory);
  }
  return report->damage_count == 0 ? kOk : kAnswerBad;
}

}  // namespace cachescope::cli
