#include "server/rules/rule_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/config_node.h"

namespace cachescope::rules {
namespace {

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(RuleFileTest, ReadsBothKindsOfRules) {
  std::vector<GroupDefinition> groups;
  const auto errors = ParseRuleFile(
      {"r.yml",
       "groups:\n- name: g\n  interval: 15s\n  limit: 5\n  labels: {team: t}\n  rules:\n"
       "  - record: a:b\n    expr: sum(x)\n"
       "  - alert: Low\n    expr: x < 1\n    for: 2m\n    keep_firing_for: 1m\n    labels: {severity: page}\n"
       "    annotations: {summary: '{{ $value }}'}\n"},
      {}, &groups);
  ASSERT_TRUE(errors.empty()) << errors.front().ToString();
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].interval, 15'000);
  ASSERT_EQ(groups[0].rules.size(), 2U);
  EXPECT_FALSE(groups[0].rules[0].alerting);
  EXPECT_EQ(groups[0].rules[1].hold_duration, 120'000);
}

TEST(RuleFileTest, EveryProblemIsNamedWithItsPlace) {
  std::vector<GroupDefinition> groups;
  const auto errors = ParseRuleFile(
      {"r.yml",
       "groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(\n  - alert: b\n    expr: up\n    annotations:\n"
       "      s: '{{ nosuch }}'\n  - alert: c\n    exprr: up\n"},
      {}, &groups);
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_EQ(errors[0].message().substr(0, 30), "r.yml:5:11: could not parse ex");
  EXPECT_EQ(errors[1].message(), "r.yml:9:10: template: __alert_b:1: function \"nosuch\" not defined");
  EXPECT_EQ(errors[2].message(), "r.yml:11:5: unknown field \"exprr\" in rule (did you mean \"expr\"?)");
}

// Files of the upstream project with what a real promtool said of each.
TEST(RuleFileTest, AgreesWithUpstreamVerdicts) {
  const std::filesystem::path folder = CACHESCOPE_SOURCE_DIR "/../shared/conformance/prometheus";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "skipped: " << folder << " is not there";
  const auto verdicts = ConfigNode::ReadFile(folder / "rules-promtool-3.5.3-verdicts.json");
  ASSERT_TRUE(verdicts.ok()) << verdicts.status().ToString();
  int files = 0;
  for (const auto& [name, verdict] : verdicts->entries()) {
    const auto errors = CheckRuleFile({name.scalar(), Slurp(folder / name.scalar())});
    const std::string first = errors.empty() ? "" : std::string(errors.front().message());
    EXPECT_EQ(errors.empty(), *verdict.Find("ok")->AsBool()) << name.scalar() << ": " << first;
    // Every complaint has its place.
    const std::string place = first.substr(0, first.find(": "));
    if (!first.empty()) {
      EXPECT_EQ(std::count(place.begin(), place.end(), ':'), 2) << first;
    }
    ++files;
  }
  std::cout << "rule files compared with promtool's verdict: " << files << "\n";
  EXPECT_GT(files, 25);
}

TEST(RuleFileTest, FindsDuplicates) {
  std::vector<GroupDefinition> groups;
  ASSERT_TRUE(ParseRuleFile({"r.yml",
                             "groups:\n- name: a\n  rules:\n  - {record: x, expr: y, labels: {l: '1'}}\n"
                             "  - {record: x, expr: y}\n- name: b\n  rules:\n"
                             "  - {record: x, expr: z, labels: {l: '1'}}\n  - {alert: x, expr: z}\n"},
                            {}, &groups)
                  .empty());
  const auto duplicates = FindDuplicates(groups);
  ASSERT_EQ(duplicates.size(), 1U);
  EXPECT_EQ(duplicates[0].name, "x");
  EXPECT_EQ(duplicates[0].labels, Labels({{"l", "1"}}));
}

TEST(RuleFileTest, UnknownFieldsMayBeLetThrough) {
  const RuleFile file{"r.yml", "groups: [{name: g, namespace: n, rules: [{record: x, expr: y, owner: me}]}]\n"};
  std::vector<GroupDefinition> groups;
  EXPECT_FALSE(ParseRuleFile(file, {}, &groups).empty());
  groups.clear();
  EXPECT_TRUE(ParseRuleFile(file, {}, &groups, true).empty());
  EXPECT_EQ(groups.size(), 1U);
}

}  // namespace
}  // namespace cachescope::rules
