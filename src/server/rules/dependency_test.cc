#include "server/rules/dependency.h"

#include <gtest/gtest.h>

#include "server/promql/parser.h"

namespace cachescope::rules {
namespace {

using Levels = std::vector<std::vector<std::size_t>>;

struct Rules {
  explicit Rules(std::vector<RuleDefinition> list) : definitions(std::move(list)) {
    for (const RuleDefinition& definition : definitions) {
      exprs.push_back(std::move(*promql::ParseExpr(definition.expr, {})));
      views.push_back({&definition, exprs.back().get()});
    }
  }
  std::vector<RuleDefinition> definitions;
  std::vector<promql::ExprPtr> exprs;
  std::vector<RuleView> views;
};

RuleDefinition Record(const std::string& name, const std::string& expr) {
  RuleDefinition out;
  out.name = name;
  out.expr = expr;
  return out;
}
RuleDefinition AlertRule(const std::string& name, const std::string& expr) {
  RuleDefinition out = Record(name, expr);
  out.alerting = true;
  return out;
}

TEST(DependencyTest, IndependentRulesShareALevel) {
  const Rules rules({Record("a", "x"), Record("b", "y"), AlertRule("c", "z > 1")});
  EXPECT_EQ(LevelsOf(rules.views), (Levels{{0, 1, 2}}));
}

TEST(DependencyTest, AReaderComesAfterItsWriter) {
  const Rules rules({Record("a", "x"), Record("b", "rate(a[5m])"), Record("c", "y"), AlertRule("d", "b > on() c")});
  EXPECT_EQ(LevelsOf(rules.views), (Levels{{0, 2}, {1}, {3}}));
}

TEST(DependencyTest, AReaderThatStandsFirstSeesTheLastRound) {
  const Rules rules({Record("b", "a offset 1m"), Record("a", "x")});
  EXPECT_EQ(LevelsOf(rules.views), (Levels{{0}, {1}}));
}

TEST(DependencyTest, ASelectorWithoutANameMayReadAnything) {
  const Rules rules({Record("a", "x"), Record("b", "{job=\"x\"}"), Record("c", "y")});
  EXPECT_EQ(LevelsOf(rules.views), (Levels{{0}, {1}, {2}}));
  const Rules regex({Record("job:a", "x"), Record("b", "{__name__=~\"job:.*\"}"), Record("c", "y")});
  EXPECT_EQ(LevelsOf(regex.views), (Levels{{0, 2}, {1}}));
}

TEST(DependencyTest, KnownLabelsKeepRulesApart) {
  RuleDefinition writer = Record("a", "x");
  writer.labels = {{"quantile", "0.9"}};
  const Rules apart({writer, Record("b", "a{quantile=\"0.5\"}")});
  EXPECT_EQ(LevelsOf(apart.views), (Levels{{0, 1}}));
  const Rules together({writer, Record("b", "a{quantile=\"0.9\"}")});
  EXPECT_EQ(LevelsOf(together.views), (Levels{{0}, {1}}));
}

TEST(DependencyTest, AlertsAreReadByTheirName) {
  const Rules rules(
      {AlertRule("Down", "up == 0"), AlertRule("Slow", "x > 1"), AlertRule("Both", "ALERTS{alertname=\"Down\"} == 1")});
  EXPECT_EQ(LevelsOf(rules.views), (Levels{{0, 1}, {2}}));
  const Rules any({AlertRule("Down", "up == 0"), AlertRule("Slow", "x > 1"), AlertRule("Any", "count(ALERTS) > 3")});
  EXPECT_EQ(LevelsOf(any.views), (Levels{{0, 1}, {2}}));
}

TEST(DependencyTest, WritersOfOneNameKeepTheirOrder) {
  const Rules rules({Record("a", "x"), Record("a", "y")});
  EXPECT_EQ(LevelsOf(rules.views), (Levels{{0}, {1}}));
}

TEST(DependencyTest, ATemplateThatQueriesMayReadAnything) {
  RuleDefinition alert = AlertRule("A", "x > 1");
  alert.annotations = {{"s", "{{ with query \"b\" }}{{ . | first | value }}{{ end }}"}};
  const Rules rules({Record("b", "y"), alert});
  EXPECT_EQ(LevelsOf(rules.views), (Levels{{0}, {1}}));
}

}  // namespace
}  // namespace cachescope::rules
