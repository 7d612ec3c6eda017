// `cachescope tsdb delete`: samples of matching series, in blocks and log.
#include <iostream>

#include "cli/progress.h"
#include "cli/tsdb/verbs.h"
#include "server/storage/tsdb/db/db.h"

namespace cachescope::cli {
namespace {

Result<std::size_t> CountSeries(tsdb::Db& db, const Selection& selection) {
  std::size_t out = 0;
  for (const std::vector<Matcher>& matchers : selection.matchers) {
    const auto querier = db.NewQuerier(selection.mint, selection.maxt);
    CACHESCOPE_ASSIGN_OR_RETURN(const storage::SeriesSet set, querier->Select(false, {}, matchers));
    out += set.series.size();
  }
  return out;
}

Result<std::size_t> Delete(tsdb::Db& db, const Selection& selection) {
  std::size_t out = 0;
  for (const std::vector<Matcher>& matchers : selection.matchers) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::size_t touched, db.DeleteSeries(selection.mint, selection.maxt, matchers));
    out += touched;
  }
  return out;
}

}  // namespace

int TsdbDelete(const Arguments& arguments) {
  const bool dry_run = arguments.tsdb.dry_run;
  const auto selection = SelectionOf(arguments.tsdb);
  if (!selection.ok()) return Fail(selection.status());
  const auto access = OpenToChange(arguments.tsdb.directory, dry_run);
  if (!access.ok()) return FailToOpen(access.status());
  const std::string& metrics = access->metrics;
  Progress progress("reading the log");
  const auto db = OpenStore(metrics, dry_run, &progress);
  if (!db.ok()) return Fail(db.status());
  const auto touched = dry_run ? CountSeries(**db, *selection) : Delete(**db, *selection);
  if (!touched.ok()) return Fail(touched.status());
  if (arguments.json) {
    PrintJson({{"directory", metrics}, {"dry_run", dry_run}, {dry_run ? "series" : "touched", *touched}});
  } else if (dry_run) {
    std::cout << *touched << " series match\n";
  } else {
    std::cout << "deleted samples of " << *touched
              << " series, counted in each block and in the log; their space comes free when blocks are compacted\n";
  }
  return kOk;
}

}  // namespace cachescope::cli
