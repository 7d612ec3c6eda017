// `cachescope tsdb import`: blocks of the samples in a text file.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/clock.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/tsdb/import_text.h"
#include "cli/tsdb/verbs.h"
#include "server/storage/tsdb/offline/backfill.h"

namespace cachescope::cli {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;
constexpr TimestampMs kOldestPlausible = 946'684'800'000;  // the year 2000

// The text in memory, mapped. Standard input goes through a file without a name: it is read twice.
Result<std::unique_ptr<MappedFile>> OpenText(const std::string& file) {
  if (file != "-") return Env::Posix().Map(file);
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  std::string path = (error ? std::string("/tmp") : folder.string()) + "/cachescope-import-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) return IoError("cannot keep standard input in " + path + ": no file can be made there");
  std::string buffer(kReadBytes, '\0');
  Status status;
  while (status.ok()) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) status = IoError("cannot read standard input");
    if (got <= 0) break;
    for (ssize_t put = 0; put < got && status.ok();) {
      const ssize_t written = write(fd, buffer.data() + put, static_cast<std::size_t>(got - put));
      if (written < 0) status = IoError("cannot keep standard input in " + path + ": the disk may be full");
      put += written;
    }
  }
  close(fd);
  auto mapped = Env::Posix().Map(path);
  unlink(path.c_str());
  if (!status.ok()) return status;
  return mapped;
}

void WarnOfTimes(const ImportTextStats& stats, const std::string& format) {
  if (stats.samples == 0) return;
  if (stats.maxt < kOldestPlausible && stats.maxt >= 0) {
    std::cerr << "warning: the newest sample is of " << DateText(stats.maxt) << "; "
              << (format == "prom" ? "times of Prometheus text are milliseconds (--format openmetrics: seconds)\n"
                                   : "times of OpenMetrics are seconds\n");
  }
  if (stats.maxt > Clock::System().NowMs()) {
    std::cerr << "warning: the newest sample is of " << DateText(stats.maxt) << ", which is yet to come\n";
  }
}

void PrintBlocks(const tsdb::BackfillReport& report) {
  std::vector<TableRow> rows{{"BLOCK ULID", "MIN TIME", "MAX TIME", "NUM SAMPLES", "NUM SERIES"}};
  for (const tsdb::BlockMeta& meta : report.blocks) {
    rows.push_back({meta.ulid, DateText(meta.mint), DateText(meta.maxt), std::to_string(meta.samples),
                    std::to_string(meta.series)});
  }
  if (rows.size() > 1) std::cout << RenderTable(rows, 2);
}

Json ReportJson(const ImportTextStats& stats, const tsdb::BackfillReport& report) {
  Json blocks = Json::array();
  for (const tsdb::BlockMeta& meta : report.blocks) {
    blocks.push_back({{"ulid", meta.ulid},
                      {"min_time", meta.mint},
                      {"max_time", meta.maxt},
                      {"samples", meta.samples},
                      {"series", meta.series}});
  }
  Json out{{"samples_read", stats.samples}, {"exemplars_left_out", stats.exemplars}};
  if (stats.samples > 0) {
    out["min_time"] = stats.mint;
    out["max_time"] = stats.maxt;
  }
  out["samples_stored"] = report.samples;
  out["duplicates"] = report.duplicates;
  out["blocks"] = std::move(blocks);
  return out;
}

int DryRun(const Arguments& arguments, const std::string& name, const ImportTextStats& stats) {
  if (arguments.json) {
    PrintJson(ReportJson(stats, {}));
  } else {
    std::cout << name << ": " << Count(stats.samples, "sample");
    if (stats.samples > 0) std::cout << " from " << DateText(stats.mint) << " to " << DateText(stats.maxt);
    std::cout << "; nothing was written\n";
  }
  return kOk;
}

}  // namespace

int TsdbImport(const Arguments& arguments) {
  const TsdbArguments& wanted = arguments.tsdb;
  const std::string name = wanted.file == "-" ? "standard input" : wanted.file;
  const auto file = OpenText(wanted.file);
  if (!file.ok()) return Fail(file.status());
  const auto bytes = (*file)->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto dialect = wanted.format == "prom" ? wire::ExpositionDialect::kText : wire::ExpositionDialect::kOpenMetrics;
  Progress progress("checking");
  const auto show = [&](std::uint64_t done) { progress.Show(done, bytes.size(), "bytes"); };
  // All of it is read once before anything is written: an error on the last line must not leave half an import.
  const auto stats = ReadImportText(
      text, dialect, [](const Labels&, TimestampMs, double) { return Status(); }, show);
  if (!stats.ok()) {
    progress.Clear();
    return Fail(stats.status().WithPrefix("cannot import " + name));
  }
  progress.Clear();
  WarnOfTimes(*stats, wanted.format);
  if (stats->samples == 0) return Fail(InvalidArgument("cannot import " + name + ": there is no sample in it"));
  if (wanted.dry_run) return DryRun(arguments, name, *stats);

  const auto access = OpenForWriting(wanted.directory, true);
  if (!access.ok()) return FailToOpen(access.status());
  tsdb::BackfillOptions options;
  options.memory_bytes = wanted.memory;
  options.encoding = EncodingNamed(wanted.to);
  const auto backfill = tsdb::Backfill::Open(Env::Posix(), access->metrics, options);
  if (!backfill.ok()) return Fail(backfill.status());
  progress.Rename("importing");
  const auto again = ReadImportText(
      text, dialect, [&](const Labels& labels, TimestampMs t, double v) { return (*backfill)->Add(labels, t, v); },
      show);
  if (!again.ok()) return Fail(again.status().WithPrefix("cannot import " + name));
  const auto report = (*backfill)->Finish();
  progress.Clear();
  if (!report.ok()) return Fail(report.status().WithPrefix("cannot import " + name));
  if (report->duplicates > 0 && !arguments.json) {
    std::cerr << "warning: " << Count(report->duplicates, "sample")
              << " left out for another at the same time of the same series; of each time the last is stored\n";
  }
  if (arguments.json) {
    PrintJson(ReportJson(*stats, *report));
    return kOk;
  }
  PrintBlocks(*report);
  std::cout << Count(report->samples, "sample") << " in " << Count(report->blocks.size(), "block") << " in "
            << access->metrics << "\n";
  return kOk;
}

}  // namespace cachescope::cli
