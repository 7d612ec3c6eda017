#include "server/rules/backtest.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <unordered_map>

#include "server/rules/backtest_store.h"
#include "server/rules/dependency.h"
#include "server/rules/group.h"

namespace cachescope::rules {
namespace {

constexpr DurationMs kDay = DurationMs{24} * 60 * 60 * 1000;
constexpr DurationMs kFlapGap = 15 * 60 * 1000;
// Never again within a replay: what is told are changes only.
constexpr DurationMs kNever = kDay * 365 * 100;

int MachineHour(TimestampMs t) {
  const std::time_t seconds = t / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  return local.tm_hour;
}

// Turns what is told of one rule at a time into firings.
class FiringSink final : public AlertSink {
 public:
  FiringSink(TimestampMs from, std::function<int(TimestampMs)> hour) : from_(from), hour_(std::move(hour)) {}

  // What follows is about this rule.
  void About(BacktestRule* rule) { rule_ = rule; }

  void Send(const std::vector<Alert>& alerts) override {
    for (const Alert& alert : alerts) {
      auto& state = states_[rule_][alert.labels.bytes()];
      if (alert.state == AlertState::kFiring && state.start == 0) {
        state.start = alert.fired_at;
      } else if (alert.state == AlertState::kResolved && state.start != 0) {
        Close(alert.labels, &state, alert.resolved_at);
      }
      state.labels = alert.labels;
    }
  }

  // Everything that still fires is counted up to `to`.
  void Finish(TimestampMs to) {
    for (auto& [rule, states] : states_) {
      rule_ = rule;
      for (auto& [key, state] : states) {
        if (state.start != 0) Count({state.labels, state.start, 0}, to, state.last_end);
      }
      std::sort(rule->firings.begin(), rule->firings.end(),
                [](const Firing& a, const Firing& b) { return a.start < b.start; });
      if (rule->firings.size() > kMostFirings) rule->firings.resize(kMostFirings);
    }
  }

 private:
  struct State {
    Labels labels;
    TimestampMs start = 0;  // 0: not firing
    TimestampMs last_end = INT64_MIN / 2;
  };

  void Close(const Labels& labels, State* state, TimestampMs end) {
    if (end > from_) Count({labels, state->start, end}, end, state->last_end);
    state->start = 0;
    state->last_end = end;
  }

  void Count(Firing firing, TimestampMs end, TimestampMs last_end) {
    ++rule_->firing_count;
    rule_->firing_time += end - std::max(firing.start, from_);
    if (firing.start - last_end <= kFlapGap) ++rule_->flaps;
    const int hour = hour_(firing.start);
    if (hour >= 22 || hour < 7) ++rule_->night;
    // Some more than are kept, so that the earliest can be picked in the end.
    if (rule_->firings.size() < 4 * kMostFirings) rule_->firings.push_back(std::move(firing));
  }

  const TimestampMs from_;
  const std::function<int(TimestampMs)> hour_;
  BacktestRule* rule_ = nullptr;
  std::unordered_map<BacktestRule*, std::unordered_map<std::string, State>> states_;
};

struct ReplayedRule {
  BacktestRule* report = nullptr;
  bool stepwise = false;
  bool read = false;  // by another rule: then what it yields is written
  std::unique_ptr<NearMissFinder> near;
};

struct ReplayedGroup {
  std::unique_ptr<Group> group;
  std::vector<ReplayedRule> rules;
};

bool AsksForQueryTimes(const std::string& text) {
  for (const char* call : {"start()", "end()", "step()", "range()"}) {
    if (text.find(call) != std::string::npos) return true;
  }
  return false;
}

RuleView ViewOf(const RunningRule& rule) { return {&rule.definition, rule.expr.get()}; }

class Replay {
 public:
  Replay(const promql::Engine& engine, storage::Queryable& history, const BacktestOptions& options)
      : engine_(engine),
        history_(history),
        options_(options),
        sink_(options.from, options.local_hour ? options.local_hour : MachineHour) {}

  Result<BacktestReport> Run(std::vector<GroupDefinition> definitions);

 private:
  void MakeGroups(std::vector<GroupDefinition> definitions);
  void FindReaders();
  void OrderGroups();
  TimestampMs LeadIn() const;
  void ReplayGroup(ReplayedGroup& group, TimestampMs begin, TimestampMs end);
  void ReplayRule(ReplayedGroup& group, std::size_t index, TimestampMs first, TimestampMs last);
  Status ReplayStretch(ReplayedGroup& group, std::size_t index, TimestampMs first, TimestampMs last);
  void Feed(ReplayedGroup& group, std::size_t index, TimestampMs first, TimestampMs last,
            std::vector<promql::ResultSeries> matrix);
  void Apply(ReplayedGroup& group, std::size_t index, Group::Vector vector, TimestampMs t);
  void Note(ReplayedRule& rule, const Status& status);
  void CheckAll();

  const promql::Engine& engine_;
  storage::Queryable& history_;
  const BacktestOptions& options_;
  BacktestReport report_;
  FiringSink sink_;
  EvaluationContext context_;
  std::unique_ptr<BacktestStore> store_;
  std::vector<ReplayedGroup> groups_;
};

void Replay::MakeGroups(std::vector<GroupDefinition> definitions) {
  RuleManagerOptions options;
  options.evaluation_interval = options_.evaluation_interval;
  options.resend_delay = kNever;
  options.parser = engine_.options().parser;
  std::size_t count = 0;
  for (const GroupDefinition& definition : definitions) count += definition.rules.size();
  report_.rules.reserve(count);  // pointers into it are kept
  for (GroupDefinition& definition : definitions) {
    ReplayedGroup& group = groups_.emplace_back();
    group.group = std::make_unique<Group>(std::move(definition), options);
    for (const RunningRule& rule : group.group->rules()) {
      BacktestRule& report = report_.rules.emplace_back();
      report.group = group.group->definition().name;
      report.file = group.group->definition().file;
      report.name = rule.definition.name;
      report.expr = rule.query;
      report.alerting = rule.definition.alerting;
      ReplayedRule& replayed = group.rules.emplace_back();
      replayed.report = &report;
      replayed.stepwise = AsksForQueryTimes(rule.query);
      if (rule.definition.alerting && options_.near_misses)
        replayed.near = std::make_unique<NearMissFinder>(*rule.expr);
    }
  }
}

// A rule that reads what itself or a later rule of its group wrote in the round before must go step by step, and so
// must the whole group, since its rules take turns.
void Replay::FindReaders() {
  for (ReplayedGroup& reading : groups_) {
    for (std::size_t i = 0; i < reading.rules.size(); ++i) {
      const RuleView reader = ViewOf(reading.group->rules()[i]);
      for (ReplayedGroup& writing : groups_) {
        for (std::size_t j = 0; j < writing.rules.size(); ++j) {
          if (!MayRead(reader, ViewOf(writing.group->rules()[j]))) continue;
          writing.rules[j].read = true;
          if (&reading != &writing || j < i) continue;
          for (ReplayedRule& rule : reading.rules) rule.stepwise = true;
        }
      }
    }
  }
  for (ReplayedGroup& group : groups_) {
    for (ReplayedRule& rule : group.rules) rule.report->stepwise = rule.stepwise;
  }
}

// Writers before readers; groups that read each other stay in the order of the files.
void Replay::OrderGroups() {
  const auto reads = [&](const ReplayedGroup& reader, const ReplayedGroup& writer) {
    for (const RunningRule& a : reader.group->rules()) {
      for (const RunningRule& b : writer.group->rules()) {
        if (MayRead(ViewOf(a), ViewOf(b))) return true;
      }
    }
    return false;
  };
  std::vector<ReplayedGroup> ordered;
  while (!groups_.empty()) {
    std::size_t next = 0;
    for (; next < groups_.size(); ++next) {
      const bool waits = std::any_of(groups_.begin(), groups_.end(), [&](const ReplayedGroup& other) {
        return &other != &groups_[next] && reads(groups_[next], other);
      });
      if (!waits) break;
    }
    if (next == groups_.size()) {
      next = 0;
      report_.notes.push_back("group " + groups_[0].group->definition().name +
                              " and another read each other's results: they are replayed one after the other in "
                              "stretches, so one sees results of the other late");
    }
    ordered.push_back(std::move(groups_[next]));
    groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(next));
  }
  groups_ = std::move(ordered);
}

// What was pending or firing when the replay begins must be known by then.
TimestampMs Replay::LeadIn() const {
  DurationMs longest = 0;
  for (const ReplayedGroup& group : groups_) {
    for (const RunningRule& rule : group.group->rules()) {
      longest = std::max(longest,
                         rule.definition.hold_duration + rule.definition.keep_firing_for + 2 * group.group->interval());
    }
  }
  return std::min(longest, kDay);
}

void Replay::Note(ReplayedRule& rule, const Status& status) {
  if (status.ok()) return;
  ++rule.report->failures;
  if (rule.report->first_error.empty()) rule.report->first_error = status.message();
}

void Replay::Apply(ReplayedGroup& group, std::size_t index, Group::Vector vector, TimestampMs t) {
  ReplayedRule& rule = group.rules[index];
  sink_.About(rule.report);
  context_.write = rule.read;
  BacktestRule* const report = rule.report;
  context_.dropped_pending = [this, report, t](const Alert& alert) {
    const DurationMs lasted = t - alert.active_at;
    if (t < options_.from || (report->longest_pending.has_value() && report->longest_pending->lasted >= lasted)) return;
    report->longest_pending = Pending{alert.labels, alert.active_at, lasted};
  };
  Note(rule, group.group->Apply(context_, index, std::move(vector), {t, t}));
}

void Replay::Feed(ReplayedGroup& group, std::size_t index, TimestampMs first, TimestampMs last,
                  std::vector<promql::ResultSeries> matrix) {
  const RunningRule& rule = group.group->rules()[index];
  const DurationMs interval = group.group->interval();
  const DurationMs offset = group.group->query_offset();
  struct Cursor {
    std::size_t floats = 0;
    std::size_t histograms = 0;
  };
  std::vector<Cursor> cursors(matrix.size());
  for (TimestampMs t = first; t <= last; t += interval) {
    Group::Vector vector;
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      const promql::ResultSeries& series = matrix[i];
      Cursor& at = cursors[i];
      promql::ResultSeries one;
      if (at.floats < series.floats.size() && series.floats[at.floats].t == t - offset) {
        one.floats.push_back(series.floats[at.floats++]);
      } else if (at.histograms < series.histograms.size() && series.histograms[at.histograms].t == t - offset) {
        one.histograms.push_back(series.histograms[at.histograms++]);
      } else {
        continue;
      }
      one.labels = series.labels;
      vector.push_back(std::move(one));
    }
    ++group.rules[index].report->evaluations;
    if (vector.empty() && rule.alerts.empty() && rule.written.size() == 0) continue;
    if (!rule.definition.alerting && !group.rules[index].read) continue;
    Apply(group, index, std::move(vector), t);
  }
}

Status Replay::ReplayStretch(ReplayedGroup& group, std::size_t index, TimestampMs first, TimestampMs last) {
  const RunningRule& rule = group.group->rules()[index];
  const DurationMs interval = group.group->interval();
  const DurationMs offset = group.group->query_offset();
  auto result =
      engine_.Evaluate(*store_, *rule.expr, rule.definition.expr, first - offset, last - offset, interval, false, {});
  if (!result.ok() && result.status().code() == Code::kLimitExceeded && first < last) {
    const TimestampMs middle = first + (last - first) / interval / 2 * interval;
    CACHESCOPE_RETURN_IF_ERROR(ReplayStretch(group, index, first, middle));
    return ReplayStretch(group, index, middle + interval, last);
  }
  if (!result.ok() && first < last) {
    // One bad step must not hide the others.
    for (TimestampMs t = first; t <= last; t += interval) Note(group.rules[index], ReplayStretch(group, index, t, t));
    return {};
  }
  if (!result.ok()) ++group.rules[index].report->evaluations;
  CACHESCOPE_RETURN_IF_ERROR(result.status());
  Feed(group, index, first, last, std::move(result->series));
  NearMissFinder* near = group.rules[index].near.get();
  const TimestampMs begin = std::max(first, options_.from);
  if (near == nullptr || begin > last) return {};
  const TimestampMs slot = first + (begin - first + interval - 1) / interval * interval;
  // What goes wrong here has gone wrong above, or only costs the nearest miss.
  if (slot <= last) static_cast<void>(near->Look(engine_, *store_, slot - offset, last - offset, interval));
  return {};
}

void Replay::ReplayRule(ReplayedGroup& group, std::size_t index, TimestampMs first, TimestampMs last) {
  const auto start = std::chrono::steady_clock::now();
  Note(group.rules[index], ReplayStretch(group, index, first, last));
  group.rules[index].report->seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Replay::ReplayGroup(ReplayedGroup& group, TimestampMs begin, TimestampMs end) {
  const DurationMs interval = group.group->interval();
  const DurationMs offset = group.group->Offset();
  const auto slot_from = [&](TimestampMs t) { return (t - offset + interval - 1) / interval * interval + offset; };
  const TimestampMs first = slot_from(begin);
  if (first >= end) return;
  const TimestampMs last = first + (end - 1 - first) / interval * interval;
  const bool stepwise =
      std::any_of(group.rules.begin(), group.rules.end(), [](const ReplayedRule& rule) { return rule.stepwise; });
  if (!stepwise) {
    for (std::size_t i = 0; i < group.rules.size(); ++i) ReplayRule(group, i, first, last);
    return;
  }
  for (TimestampMs t = first; t <= last; t += interval) {
    for (std::size_t i = 0; i < group.rules.size(); ++i) ReplayRule(group, i, t, t);
  }
}

void Replay::CheckAll() {
  std::vector<CheckedRule> rules;
  std::vector<std::string> written;
  std::vector<BacktestRule*> reports;
  for (const ReplayedGroup& group : groups_) {
    for (std::size_t i = 0; i < group.rules.size(); ++i) {
      const RunningRule& rule = group.group->rules()[i];
      rules.push_back({rule.expr.get()});
      reports.push_back(group.rules[i].report);
      if (!rule.definition.alerting) written.push_back(rule.definition.name);
    }
  }
  auto findings = CheckSelectors(rules, written, *store_, options_.to, options_.to - options_.from);
  for (std::size_t i = 0; i < reports.size(); ++i) reports[i]->selectors = std::move(findings[i]);
}

Result<BacktestReport> Replay::Run(std::vector<GroupDefinition> definitions) {
  std::unordered_set<std::string> recorded;
  std::unordered_set<std::string> alerts;
  for (const GroupDefinition& group : definitions) {
    for (const RuleDefinition& rule : group.rules) (rule.alerting ? alerts : recorded).insert(rule.name);
  }
  MakeGroups(std::move(definitions));
  FindReaders();
  OrderGroups();
  const TimestampMs begin = options_.from - LeadIn();
  store_ =
      std::make_unique<BacktestStore>(history_, begin, std::move(recorded), std::move(alerts), options_.max_samples);
  context_.engine = &engine_;
  context_.storage = store_.get();
  context_.sink = &sink_;
  context_.expand_annotations = false;
  for (TimestampMs t = begin; t <= options_.to; t += kDay) {
    const TimestampMs end = std::min(t + kDay, options_.to + 1);
    for (ReplayedGroup& group : groups_) ReplayGroup(group, t, end);
    const double done = static_cast<double>(end - begin) / static_cast<double>(options_.to + 1 - begin);
    if (options_.progress && !options_.progress(done)) return Cancelled("the backtest was ended");
  }
  sink_.Finish(options_.to);
  for (ReplayedGroup& group : groups_) {
    for (ReplayedRule& rule : group.rules) {
      if (rule.near != nullptr) rule.report->nearest = rule.near->Nearest(engine_, *store_);
    }
  }
  CheckAll();
  return std::move(report_);
}

}  // namespace

Result<BacktestReport> Backtest(const std::vector<RuleFile>& files, const promql::Engine& engine,
                                storage::Queryable& history, const BacktestOptions& options) {
  if (options.from >= options.to) return InvalidArgument("cannot replay rules: the beginning is not before the end");
  std::vector<GroupDefinition> definitions;
  for (const RuleFile& file : files) {
    const auto errors = ParseRuleFile(file, engine.options().parser, &definitions);
    if (!errors.empty()) return errors.front();
  }
  return Replay(engine, history, options).Run(std::move(definitions));
}

}  // namespace cachescope::rules
