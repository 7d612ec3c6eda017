#include "server/rules/unit_tests.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace cachescope::rules {
namespace {

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

UnitTestReport RunFile(const std::string& test, const std::string& rules, const char* only = nullptr) {
  UnitTestOptions options;
  options.find_rules = [&](const std::string& pattern) -> Result<std::vector<RuleFile>> {
    return std::vector<RuleFile>{{pattern, rules}};
  };
  if (only != nullptr) options.wanted = [only](const std::string& name) { return name == only; };
  return RunUnitTests("t.yml", test, options);
}

constexpr const char* kRules = R"yml(
groups:
- name: g
  rules:
  - {record: "job:up:sum", expr: "sum by (job) (up)"}
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} in {{ $externalLabels.region }}"}
)yml";

TEST(UnitTestTest, RunsRulesOverInputSeries) {
  const auto report = RunFile(R"yml(
rule_files: [r.yml]
tests:
- name: down
  interval: 1m
  external_labels: {region: eu}
  input_series:
  - {series: 'up{job="a"}', values: "1 0x9"}
  alert_rule_test:
  - {eval_time: 2m, alertname: Down}
  - eval_time: 3m30s
    alertname: Down
    exp_alerts:
    - exp_labels: {job: a, severity: page}
      exp_annotations: {summary: "a in eu"}
  promql_expr_test:
  - {expr: "job:up:sum", eval_time: 0, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 1}]}
)yml",
                              kRules);
  ASSERT_TRUE(report.errors.empty()) << report.errors.front().ToString();
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_EQ(report.results[0].checks, 3U);
  EXPECT_TRUE(report.ok()) << report.results[0].failures.front().what << report.results[0].failures.front().error;
}

TEST(UnitTestTest, SaysWhatDiffersAndWhere) {
  const auto report = RunFile(
      "rule_files: [r.yml]\ntests:\n- input_series: [{series: 'up{job=\"a\"}', values: '0x9'}]\n"
      "  alert_rule_test:\n  - {eval_time: 5m, alertname: Down}\n",
      kRules);
  ASSERT_EQ(report.results.size(), 1U);
  ASSERT_EQ(report.results[0].failures.size(), 1U);
  const UnitTestFailure& failure = report.results[0].failures[0];
  EXPECT_EQ(failure.where, "t.yml:5:5");
  EXPECT_EQ(failure.what, "alertname: Down, time: 5m");
  EXPECT_TRUE(failure.expected.empty());
  ASSERT_EQ(failure.got.size(), 1U);
  EXPECT_EQ(failure.got[0],
            "labels {alertname=\"Down\", job=\"a\", severity=\"page\"} annotations {summary=\"a in \"}");
}

TEST(UnitTestTest, RunsOnlyWhatIsWanted) {
  const auto report = RunFile(
      "tests:\n- {name: a}\n- {name: b, promql_expr_test: [{expr: '1', exp_samples: [{value: 2}]}]}\n", "", "a");
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_EQ(report.results[0].name, "a");
  EXPECT_TRUE(report.ok());
}

TEST(UnitTestTest, BadFilesAreErrorsWithAPlace) {
  EXPECT_EQ(RunFile("tests:\n- nam: x\n", "").errors.at(0).message(),
            "t.yml:2:3: unknown field \"nam\" in test group (did you mean \"name\"?)");
  EXPECT_EQ(
      RunFile("tests:\n- input_series: [{series: 'up{', values: '0'}]\n", "").errors.at(0).message().substr(0, 12),
      "t.yml:2:27: ");
  EXPECT_FALSE(RunFile("rule_files: [r.yml]\ntests: []\n", "groups: [{name: g, rules: [{record: a}]}]").errors.empty());
  EXPECT_EQ(RunFile("group_eval_order: [a, a]\n", "").errors.at(0).message(),
            "t.yml:1:23: group name repeated in evaluation order: a");
  const auto huge = RunFile("tests:\n- input_series: [{series: 'up', values: '0x9999999999'}]\n", "");
  EXPECT_EQ(huge.errors.at(0).code(), Code::kInvalidArgument);
}

// Files of the upstream project; which pass and which fail was recorded from a real promtool.
TEST(UnitTestTest, AgreesWithUpstreamFiles) {
  const std::filesystem::path folder = CACHESCOPE_SOURCE_DIR "/../shared/conformance/prometheus";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "skipped: " << folder << " is not there";
  const auto verdicts = ConfigNode::ReadFile(folder / "unittest-promtool-3.5.3-verdicts.json");
  ASSERT_TRUE(verdicts.ok()) << verdicts.status().ToString();
  int files = 0;
  for (const auto& [name, verdict] : verdicts->entries()) {
    UnitTestOptions options;
    options.find_rules = [&](const std::string& pattern) -> Result<std::vector<RuleFile>> {
      const auto path = folder / "promtool" / pattern;
      if (!std::filesystem::exists(path)) return std::vector<RuleFile>{};
      return std::vector<RuleFile>{{pattern, Slurp(path)}};
    };
    const auto report = RunUnitTests(name.scalar(), Slurp(folder / "promtool" / name.scalar()), options);
    // The field start_timestamp is newer than the promtool that was asked: with it the file must pass.
    const bool ok = name.scalar() == "start-time-test.yml" || *verdict.Find("ok")->AsBool();
    std::string first;
    if (!report.errors.empty()) first = report.errors.front().message();
    for (const auto& result : report.results) {
      for (const auto& failure : result.failures) first += "\n" + failure.what + " " + failure.error;
    }
    EXPECT_EQ(report.ok(), ok) << name.scalar() << ": " << first;
    ++files;
  }
  std::cout << "unit-test files compared with promtool's verdict: " << files << "\n";
  EXPECT_GT(files, 10);
}

}  // namespace
}  // namespace cachescope::rules
