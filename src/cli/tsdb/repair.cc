// `cachescope tsdb repair`: what it did or would do, action by action.
#include "server/storage/tsdb/offline/repair.h"

#include <iostream>

#include "cli/progress.h"
#include "cli/tsdb/verbs.h"

namespace cachescope::cli {
namespace {

constexpr std::size_t kShownLosses = 10;

std::string Sentence(const tsdb::RepairAction& action, bool dry_run) {
  const std::string would = dry_run ? "would " : "";
  const std::string saved = std::to_string(action.samples) + " samples of " + std::to_string(action.series) + " series";
  if (action.kind == "rewrite_segment") {
    return would + "rewrite segment " + action.path + " with its " + std::to_string(action.records) +
           " readable records; the damaged one is kept as " + action.original;
  }
  if (action.kind == "salvage_block") {
    return would + "save " + saved + " of block " + action.path +
           (action.result.empty() ? "" : " into " + action.result) + "; the damaged one is kept as " + action.original;
  }
  if (action.kind == "return_block") return would + "take back " + action.path + ", which reads, as " + action.result;
  if (action.kind == "put_away_snapshot") {
    return would + "move the head snapshot " + action.path + " to " + action.original;
  }
  if (action.kind == "put_away_block") return would + "move block " + action.path + " to " + action.original;
  if (action.kind == "set_aside_block") {
    return "nothing can be saved of block " + action.path +
           (action.original.empty() ? "" : "; it " + would + "go to " + action.original);
  }
  return "block " + action.path + " stays as it is";
}

void PrintAction(const tsdb::RepairAction& action, bool dry_run) {
  std::cout << Sentence(action, dry_run) << "\n";
  if (!action.note.empty()) std::cout << "  " << action.note << "\n";
  for (std::size_t i = 0; i < action.lost.size() && i < kShownLosses; ++i) {
    std::cout << "  lost: " << action.lost[i].ToString() << "\n";
  }
  if (action.lost.size() > kShownLosses) std::cout << "  and more; --json names them\n";
}

Json ActionJson(const tsdb::RepairAction& action) {
  return {{"kind", action.kind},
          {"path", action.path},
          {"original", action.original},
          {"result", action.result},
          {"series", action.series},
          {"samples", action.samples},
          {"records", action.records},
          {"lost_chunks", action.lost_chunks},
          {"lost", DamageJson(action.lost)},
          {"note", action.note}};
}

}  // namespace

int TsdbRepair(const Arguments& arguments) {
  const bool dry_run = arguments.tsdb.dry_run;
  const auto access = OpenToChange(arguments.tsdb.directory, dry_run);
  if (!access.ok()) return FailToOpen(access.status());
  const std::string& metrics = access->metrics;
  Progress progress("repairing");
  std::uint64_t looked_at = 0;
  tsdb::RepairOptions options;
  options.dry_run = dry_run;
  options.looking_at = [&](const std::string&) { progress.Show(++looked_at, 0, "blocks and segments"); };
  options.report = [&](const tsdb::RepairAction& action) {
    progress.Clear();
    if (!arguments.json) PrintAction(action, dry_run);
  };
  const auto report = tsdb::RepairDirectory(Env::Posix(), metrics, options);
  progress.Clear();
  if (!report.ok()) return Fail(report.status());
  if (arguments.json) {
    Json actions = Json::array();
    for (const tsdb::RepairAction& action : report->actions) actions.push_back(ActionJson(action));
    PrintJson({{"directory", metrics}, {"dry_run", dry_run}, {"actions", actions}});
  } else if (report->actions.empty()) {
    std::cout << "nothing to repair in " << metrics << "\n";
  }
  return report->left_damaged ? kAnswerBad : kOk;
}

}  // namespace cachescope::cli
