#include "server/rules/rule_file.h"

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

// Files of the upstream project whose name says whether they must be refused.
TEST(RuleFileTest, AgreesWithUpstreamFiles) {
  const std::filesystem::path folder = CACHESCOPE_SOURCE_DIR "/../shared/conformance/prometheus/rulefmt";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "skipped: " << folder << " is not there";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    // "legacy_validation" files are bad only under the old rules for label names, which nobody has by default any more.
    const bool bad = name.find("bad") != std::string::npos && !name.starts_with("legacy_validation");
    const auto errors = CheckRuleFile({name, Slurp(entry.path())});
    EXPECT_EQ(errors.empty(), !bad) << name << (errors.empty() ? "" : ": " + errors.front().ToString());
    ++files;
  }
  std::cout << "rule files compared with upstream's verdict: " << files << "\n";
  EXPECT_GT(files, 10);
}

}  // namespace
}  // namespace cachescope::rules
