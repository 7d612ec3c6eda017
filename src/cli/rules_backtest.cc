// `cachescope rules backtest`: would this alert have woken me for nothing?
#include <cmath>
#include <iostream>
#include <memory>

#include "base/duration.h"
#include "base/log.h"
#include "base/number.h"
#include "base/rfc3339.h"
#include "cli/progress.h"
#include "cli/query_answer.h"
#include "cli/rules.h"
#include "cli/rules_remote.h"
#include "cli/tsdb/verbs.h"
#include "server/rules/backtest.h"

namespace cachescope::cli {
namespace {

// Firings that are listed one by one.
constexpr std::size_t kShown = 5;

Result<TimestampMs> EndOf(const std::string& text) {
  if (text.empty()) return Clock::System().NowMs();
  if (const auto seconds = ParseFloat(text); seconds.has_value() && std::fabs(*seconds) < 1e12) {
    return static_cast<TimestampMs>(std::llround(*seconds * 1000));
  }
  if (const auto time = ParseRfc3339(text); time.has_value()) return *time;
  return InvalidArgument("cannot read --until \"" + text +
                         "\": expected Unix seconds or a time like 2026-11-20T14:00:00Z");
}

// History: a directory or a server, with what keeps it open.
struct History {
  std::unique_ptr<tsdb::Db> db;
  std::unique_ptr<QuerySource> source;
  std::unique_ptr<storage::Queryable> remote;
  storage::Queryable* store() const {
    return db != nullptr ? static_cast<storage::Queryable*>(db.get()) : remote.get();
  }
};

Result<History> Open(const RulesArguments& arguments) {
  History out;
  if (arguments.data.empty()) {
    out.source = NewServerSource(arguments.url);
    out.remote = NewRemoteStore(*out.source);
    return out;
  }
  Progress progress("reading the log");
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string metrics, MetricsOf(arguments.data));
  CACHESCOPE_ASSIGN_OR_RETURN(out.db, OpenStore(metrics, true, &progress));
  return out;
}

std::string TimeText(TimestampMs t) { return DateText(t / 1000 * 1000); }

// "2h 5m" is plenty for people.
std::string LengthText(DurationMs duration) { return FormatDuration(duration / 1000 * 1000); }

void PrintFirings(const rules::BacktestRule& rule) {
  std::cout << "  fired " << Count(rule.firing_count, "time");
  if (rule.firing_count > 0) {
    std::cout << ", " << LengthText(rule.firing_time) << " in all, " << Count(rule.flaps, "flap") << ", " << rule.night
              << " at night (22-7)";
  }
  std::cout << "\n";
  for (std::size_t i = 0; i < rule.firings.size() && i < kShown; ++i) {
    const rules::Firing& firing = rule.firings[i];
    std::cout << "    " << TimeText(firing.start) << "  "
              << (firing.end == 0 ? "still firing" : LengthText(firing.end - firing.start)) << "  "
              << firing.labels.ToString() << "\n";
  }
  if (rule.firing_count > kShown) std::cout << "    and " << rule.firing_count - kShown << " more\n";
}

void PrintMisses(const rules::BacktestRule& rule) {
  if (rule.longest_pending.has_value()) {
    std::cout << "  nearly fired: pending for " << LengthText(rule.longest_pending->lasted) << " since "
              << TimeText(rule.longest_pending->at) << "  " << rule.longest_pending->labels.ToString() << "\n";
  }
  if (!rule.nearest.has_value()) return;
  const rules::NearMiss& near = *rule.nearest;
  std::cout << "  nearest miss: ";
  if (std::isnan(near.value)) {
    std::cout << FormatGeneral(near.distance) << " away";
  } else {
    std::cout << FormatGeneral(near.value) << " against " << FormatGeneral(near.bound);
    if (near.bound != 0 && std::isfinite(near.bound)) {
      std::cout << " (" << FormatGeneral(std::round(near.value / near.bound * 1000) / 10) << "%)";
    }
  }
  std::cout << " at " << TimeText(near.at) << "  " << near.labels.ToString() << "\n";
}

void PrintSelectors(const rules::BacktestRule& rule, const std::string& since) {
  for (const rules::SelectorFinding& finding : rule.selectors) {
    if (finding.verdict == rules::SelectorVerdict::kMatched) {
      std::cout << "  selector " << finding.selector << " has matched " << finding.matched << " series\n";
      continue;
    }
    std::cout << "  selector " << finding.selector << " has matched 0 series in " << since;
    if (finding.verdict == rules::SelectorVerdict::kNothing) std::cout << ": this rule cannot fire";
    std::cout << "\n";
    if (!finding.why.empty()) std::cout << "    " << finding.why << "\n";
    if (!finding.repair.empty() && finding.why.find(finding.repair) == std::string::npos)
      std::cout << "    try: " << finding.repair << "\n";
  }
}

void Print(const rules::BacktestReport& report, const std::string& since) {
  for (const rules::BacktestRule& rule : report.rules) {
    std::cout << (rule.alerting ? "alert " : "record ") << rule.name << " (group " << rule.group << ")\n";
    if (rule.failures > 0) {
      std::cout << "  failed at " << rule.failures << " of " << Count(rule.evaluations, "evaluation") << ": "
                << rule.first_error << "\n";
    }
    if (rule.alerting) {
      PrintFirings(rule);
      PrintMisses(rule);
    }
    PrintSelectors(rule, since);
    std::cout << "  " << Count(rule.evaluations, "evaluation") << " in " << std::lround(rule.seconds * 1000) << " ms"
              << (rule.stepwise ? ", one by one: its group reads its own results" : "") << "\n\n";
  }
  for (const std::string& note : report.notes) std::cout << "note: " << note << "\n";
}

Json LabelsJson(const Labels& labels) {
  Json out = Json::object();
  for (const LabelView& label : labels) out[std::string(label.name)] = std::string(label.value);
  return out;
}

Json NumberJson(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json JsonOf(const rules::BacktestRule& rule) {
  Json firings = Json::array();
  for (const rules::Firing& firing : rule.firings) {
    firings.push_back({{"labels", LabelsJson(firing.labels)},
                       {"start", FormatRfc3339(firing.start)},
                       {"end", firing.end == 0 ? Json(nullptr) : Json(FormatRfc3339(firing.end))}});
  }
  Json selectors = Json::array();
  for (const rules::SelectorFinding& finding : rule.selectors) {
    selectors.push_back({{"selector", finding.selector},
                         {"role", rules::SelectorRoleName(finding.role)},
                         {"matched", finding.matched},
                         {"verdict", rules::SelectorVerdictName(finding.verdict)},
                         {"why", finding.why},
                         {"repair", finding.repair}});
  }
  Json out = {{"group", rule.group},
              {"file", rule.file},
              {"name", rule.name},
              {"type", rule.alerting ? "alerting" : "recording"},
              {"expr", rule.expr},
              {"evaluations", rule.evaluations},
              {"failures", rule.failures},
              {"error", rule.first_error},
              {"seconds", rule.seconds},
              {"stepwise", rule.stepwise},
              {"firings", rule.firing_count},
              {"firing_seconds", static_cast<double>(rule.firing_time) / 1000},
              {"flaps", rule.flaps},
              {"night", rule.night},
              {"list", std::move(firings)},
              {"longest_pending", nullptr},
              {"nearest_miss", nullptr},
              {"selectors", std::move(selectors)}};
  if (rule.longest_pending.has_value()) {
    out["longest_pending"] = {{"labels", LabelsJson(rule.longest_pending->labels)},
                              {"since", FormatRfc3339(rule.longest_pending->at)},
                              {"seconds", static_cast<double>(rule.longest_pending->lasted) / 1000}};
  }
  if (rule.nearest.has_value()) {
    out["nearest_miss"] = {{"labels", LabelsJson(rule.nearest->labels)},
                           {"at", FormatRfc3339(rule.nearest->at)},
                           {"value", NumberJson(rule.nearest->value)},
                           {"bound", NumberJson(rule.nearest->bound)},
                           {"distance", NumberJson(rule.nearest->distance)}};
  }
  return out;
}

int UsageError(const Status& status) {
  std::cerr << "cachescope: " << status.message() << "\n";
  return kUsage;
}

}  // namespace

int RulesBacktest(const Arguments& arguments) {
  const RulesArguments& wanted = arguments.rules;
  const auto since = ParseDuration(wanted.since);
  if (!since.ok()) return UsageError(since.status().WithPrefix("--since"));
  const auto end = EndOf(wanted.until);
  if (!end.ok()) return UsageError(end.status());
  std::vector<rules::RuleFile> files;
  for (const std::string& path : arguments.files) {
    auto text = ReadText(path);
    if (!text.ok()) return UsageError(text.status());
    files.push_back({path, std::move(*text)});
  }
  ConfigureLog(LogLevel::kError, LogFormat::kLogfmt);
  auto history = Open(wanted);
  if (!history.ok()) return Fail(history.status());
  Progress progress("replaying");
  rules::BacktestOptions options;
  options.from = *end - *since;
  options.to = *end;
  options.progress = [&](double done) {
    progress.Show(static_cast<std::uint64_t>(done * 1000), 1000, "thousandths");
    return true;
  };
  const promql::Engine engine;
  const auto report = rules::Backtest(files, engine, *history->store(), options);
  progress.Clear();
  if (!report.ok()) {
    return report.status().code() == Code::kInvalidArgument ? UsageError(report.status()) : Fail(report.status());
  }
  if (!arguments.json) {
    Print(*report, wanted.since);
    return kOk;
  }
  Json list = Json::array();
  for (const rules::BacktestRule& rule : report->rules) list.push_back(JsonOf(rule));
  PrintJson({{"from", FormatRfc3339(options.from)},
             {"to", FormatRfc3339(options.to)},
             {"notes", report->notes},
             {"rules", std::move(list)}});
  return kOk;
}

}  // namespace cachescope::cli
