#include "server/rules/backtest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "server/promql/memory_store.h"
#include "server/rules/group.h"

namespace cachescope::rules {
namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kHour = 60 * kMinute;
constexpr TimestampMs kBegin = 1'700'006'400'000;  // a whole number of minutes

void Put(promql::MemoryStore& store, const Labels& labels, TimestampMs t, double v) {
  ASSERT_TRUE(store.NewAppender()->Append(0, labels, t, v).ok());
}

// A curve with long and short excursions, different per instance, from random numbers that are always the same.
void PutCurves(promql::MemoryStore& store, TimestampMs from, TimestampMs to) {
  std::uint64_t state = 12345;
  const auto random = [&state] {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<double>(state >> 40) / static_cast<double>(1 << 24);
  };
  for (const char* instance : {"a", "b", "c"}) {
    double level = 50;
    for (TimestampMs t = from; t <= to; t += 15'000) {
      level += (random() - 0.5) * 12 + (50 - level) * 0.02;
      if (random() < 0.002) t += 7 * kMinute;  // a gap, longer than the lookback
      Put(store, {{"__name__", "load"}, {"instance", instance}}, t, level);
    }
  }
}

constexpr const char* kRules = R"yml(
groups:
- name: first
  interval: 1m
  rules:
  - {record: "load:avg5m", expr: "avg_over_time(load[5m])"}
  - {alert: High, expr: "load:avg5m > 60", for: 3m, labels: {severity: page}}
  - {alert: Spiky, expr: "load > 65 and load:avg5m < 65"}
- name: second
  interval: 30s
  rules:
  - {alert: VeryHigh, expr: "load:avg5m > 70", for: 1m, keep_firing_for: 5m}
  - {alert: Silent, expr: "absent(load{instance='a'})", for: 2m}
)yml";

std::vector<std::unique_ptr<Group>> GroupsOf(const std::string& rules) {
  std::vector<GroupDefinition> definitions;
  EXPECT_TRUE(ParseRuleFile({"r.yml", rules}, {}, &definitions).empty());
  std::vector<std::unique_ptr<Group>> out;
  for (auto& definition : definitions)
    out.push_back(std::make_unique<Group>(std::move(definition), RuleManagerOptions{}));
  return out;
}

// Evaluates as the daemon does: every group at its own slots, in the order of time.
void RunLive(const promql::Engine& engine, promql::MemoryStore& store, TimestampMs from, TimestampMs to) {
  EvaluationContext context;
  context.engine = &engine;
  context.storage = &store;
  auto groups = GroupsOf(kRules);
  std::multimap<TimestampMs, Group*> due;
  for (const auto& group : groups) {
    const DurationMs interval = group->interval();
    due.emplace((from - group->Offset() + interval - 1) / interval * interval + group->Offset(), group.get());
  }
  while (due.begin()->first <= to) {
    const auto [t, group] = *due.begin();
    due.erase(due.begin());
    group->Evaluate(context, {t, t});
    due.emplace(t + group->interval(), group);
  }
}

using Spans = std::map<std::string, std::vector<std::pair<TimestampMs, TimestampMs>>>;

// Firings as the recorded ALERTS series tell them.
Spans RecordedSpans(promql::MemoryStore& store, TimestampMs to) {
  Spans out;
  const auto querier = store.NewQuerier(0, INT64_MAX);
  const auto set =
      querier->Select(true, {}, {Matcher::Equal("__name__", "ALERTS"), Matcher::Equal("alertstate", "firing")});
  for (const auto& series : set->series) {
    storage::SampleColumns columns;
    EXPECT_TRUE(series->Read(0, INT64_MAX, &columns).ok());
    const std::string key = LabelsBuilder(series->labels()).Delete("__name__").Delete("alertstate").Build().ToString();
    TimestampMs start = 0;
    for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
      const bool stale = IsStaleMarker(columns.values[i]);
      if (!stale && start == 0) start = columns.timestamps[i];
      if (stale && start != 0) {
        out[key].emplace_back(start, columns.timestamps[i]);
        start = 0;
      }
    }
    if (start != 0 && start <= to) out[key].emplace_back(start, 0);
  }
  return out;
}

TEST(BacktestTest, ReplayedFiringsAreThoseThatWereRecorded) {
  const promql::Engine engine;
  promql::MemoryStore store;
  const TimestampMs to = kBegin + 3 * 24 * kHour;
  PutCurves(store, kBegin, to);
  RunLive(engine, store, kBegin + kHour, to);
  const Spans recorded = RecordedSpans(store, to);
  ASSERT_GT(recorded.size(), 5U) << "the curves make alerts";

  BacktestOptions options;
  options.from = kBegin + kHour;
  options.to = to;
  options.local_hour = [](TimestampMs) { return 12; };
  const auto report = Backtest({{"r.yml", kRules}}, engine, store, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  Spans replayed;
  std::size_t count = 0;
  for (const BacktestRule& rule : report->rules) {
    EXPECT_EQ(rule.failures, 0U) << rule.first_error;
    EXPECT_EQ(rule.firings.size(), rule.firing_count);
    for (const Firing& firing : rule.firings) replayed[firing.labels.ToString()].emplace_back(firing.start, firing.end);
    count += rule.firing_count;
  }
  EXPECT_GT(count, 50U);
  // The live run begins cold where the replay has had a lead-in: only what begins in the first minutes may differ.
  for (Spans* spans : {&replayed}) {
    for (auto& [key, list] : *spans) std::erase_if(list, [&](const auto& s) { return s.first < options.from; });
  }
  Spans expected = recorded;
  for (auto& [key, list] : expected) {
    const auto other = replayed.find(key);
    ASSERT_TRUE(other != replayed.end()) << key;
    ASSERT_EQ(list.size(), other->second.size()) << key;
    for (std::size_t i = 0; i < list.size(); ++i) {
      // To one evaluation.
      EXPECT_LE(std::abs(list[i].first - other->second[i].first), kMinute) << key;
      EXPECT_LE(std::abs(list[i].second - other->second[i].second), kMinute) << key;
    }
  }
  EXPECT_EQ(expected.size(), replayed.size());
}

// What an older version of the rule recorded is not read, and what it recorded before the replay still is.
TEST(BacktestTest, OldResultsOfChangedRulesAreHidden) {
  const promql::Engine engine;
  promql::MemoryStore store;
  for (TimestampMs t = kBegin; t <= kBegin + 2 * kHour; t += kMinute) {
    Put(store, {{"__name__", "x"}}, t, 1);
    Put(store, {{"__name__", "doubled"}}, t, 100);
  }
  BacktestOptions options;
  options.from = kBegin + kHour;
  options.to = kBegin + 2 * kHour;
  const auto report = Backtest(
      {{"r.yml", "groups: [{name: g, rules: [{record: doubled, expr: x * 2}, {alert: A, expr: doubled > 50}]}]"}},
      engine, store, options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->rules[1].firing_count, 0U);
  ASSERT_TRUE(report->rules[1].nearest.has_value());
  EXPECT_EQ(report->rules[1].nearest->value, 2);
  EXPECT_EQ(report->rules[1].nearest->bound, 50);
}

TEST(BacktestTest, CountsFlapsNightsAndNearMisses) {
  const promql::Engine engine;
  promql::MemoryStore store;
  for (TimestampMs t = kBegin; t <= kBegin + 6 * kHour; t += kMinute) {
    const auto minute = (t - kBegin) / kMinute;
    // 9.5 most of the time; above 10 in minutes 60-69, 75-79 and 200-201.
    const bool high = (minute >= 60 && minute < 70) || (minute >= 75 && minute < 80) || minute == 200 || minute == 201;
    Put(store, {{"__name__", "x"}, {"i", "1"}}, t, high ? 11 : minute == 300 ? 9.9 : 9.5);
  }
  BacktestOptions options;
  options.from = kBegin + 10 * kMinute;
  options.to = kBegin + 6 * kHour;
  options.local_hour = [](TimestampMs t) { return t < kBegin + 74 * kMinute ? 3 : 12; };
  const auto report = Backtest(
      {{"r.yml", "groups: [{name: g, rules: [{alert: A, expr: x > 10, for: 3m}, {alert: B, expr: nothing > 1}]}]"}},
      engine, store, options);
  ASSERT_TRUE(report.ok());
  const BacktestRule& rule = report->rules[0];
  EXPECT_EQ(rule.firing_count, 2U);
  EXPECT_EQ(rule.flaps, 1U);
  EXPECT_EQ(rule.night, 1U);
  EXPECT_EQ(rule.firing_time, (7 + 2) * kMinute);
  ASSERT_TRUE(rule.longest_pending.has_value());
  EXPECT_EQ(rule.longest_pending->lasted, 2 * kMinute);
  ASSERT_TRUE(rule.nearest.has_value());
  EXPECT_EQ(rule.nearest->value, 9.9);
  EXPECT_EQ(rule.nearest->bound, 10);
  EXPECT_NEAR(static_cast<double>(rule.evaluations), 351 + 5, 1) << "the lead-in included";
  EXPECT_EQ(report->rules[1].selectors.at(0).verdict, SelectorVerdict::kNothing);
  EXPECT_EQ(report->rules[1].selectors.at(0).matched, 0U);
}

TEST(BacktestTest, RulesThatReadTheirOwnPastGoStepByStep) {
  const promql::Engine engine;
  promql::MemoryStore store;
  for (TimestampMs t = kBegin; t <= kBegin + kHour; t += kMinute) Put(store, {{"__name__", "x"}}, t, 1);
  BacktestOptions options;
  options.from = kBegin + 10 * kMinute;
  options.to = kBegin + 40 * kMinute;
  const auto report = Backtest(
      {{"r.yml", "groups: [{name: g, rules: [{record: n, expr: 'x + (n or x * 0)'}, {alert: Ten, expr: 'n >= 10'}]}]"}},
      engine, store, options);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->rules[0].stepwise);
  ASSERT_EQ(report->rules[1].firing_count, 1U) << report->rules[0].first_error;
  EXPECT_NEAR(static_cast<double>(report->rules[1].firings[0].start - options.from), 8.0 * kMinute, 3.0 * kMinute);
}

TEST(BacktestTest, CanBeEndedAndRefusesNonsense) {
  const promql::Engine engine;
  promql::MemoryStore store;
  BacktestOptions options;
  options.from = kBegin;
  options.to = kBegin + 30 * 24 * kHour;
  options.progress = [](double) { return false; };
  const std::vector<RuleFile> files = {{"r.yml", "groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]"}};
  EXPECT_EQ(Backtest(files, engine, store, options).status().code(), Code::kCancelled);
  EXPECT_EQ(Backtest({{"r.yml", "groups: [{name: g, rules: [{alert: A}]}]"}}, engine, store, options).status().code(),
            Code::kInvalidArgument);
  std::swap(options.from, options.to);
  EXPECT_EQ(Backtest(files, engine, store, options).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace cachescope::rules
