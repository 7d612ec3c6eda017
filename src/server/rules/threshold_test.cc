#include "server/rules/threshold.h"

#include <gtest/gtest.h>

#include <cmath>

#include "server/promql/parser.h"

namespace cachescope::rules {
namespace {

Threshold Memory() {
  Threshold out;
  out.id = "mem-1";
  out.name = "MemoryHigh";
  out.metric = "redis_memory_used_bytes";
  out.matchers = "job=\"redis\"";
  out.value = 1.5e9;
  out.hold = 5 * 60'000;
  out.cooldown = 60'000;
  out.severity = "critical";
  out.escalation = {{60'000, "", "oncall"}, {600'000, "critical", "boss"}};
  out.receiver = "team";
  out.summary = "{{ $labels.instance }} has {{ $value }} \"bytes\"";
  out.author = "ada";
  out.created_at = 1'700'000'000'000;
  return out;
}

TEST(ThresholdTest, MeansAnAlertingRule) {
  const Threshold threshold = Memory();
  ASSERT_TRUE(CheckThreshold(threshold).ok()) << CheckThreshold(threshold).ToString();
  const RuleDefinition rule = ThresholdRule(threshold);
  EXPECT_TRUE(rule.alerting);
  EXPECT_EQ(rule.expr, "redis_memory_used_bytes{job=\"redis\"} > 1.5e+09");
  EXPECT_TRUE(promql::ParseExpr(rule.expr, {}).ok());
  EXPECT_EQ(rule.hold_duration, 300'000);
  const Labels labels = Labels::FromPairs(rule.labels);
  EXPECT_EQ(labels, Labels({{"severity", "critical"}, {"threshold_id", "mem-1"}, {"receiver", "team"}}));
}

TEST(ThresholdTest, AnExpressionMayEndInAComment) {
  Threshold threshold = Memory();
  threshold.metric = threshold.matchers = "";
  threshold.expr = "sum(x) or y # really";
  ASSERT_TRUE(CheckThreshold(threshold).ok());
  const auto parsed = promql::ParseExpr(ThresholdExpr(threshold), {});
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(promql::ToString(**parsed), "(sum(x) or y) > 1500000000");
}

TEST(ThresholdTest, EachWrongFieldIsNamed) {
  const auto complaint = [](auto change) {
    Threshold threshold = Memory();
    change(&threshold);
    return std::string(CheckThreshold(threshold).message());
  };
  EXPECT_TRUE(complaint([](Threshold* t) { t->id = "a b"; }).starts_with("id: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->name = ""; }).starts_with("name: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->expr = "up"; }).starts_with("expr: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->metric = "a-b"; }).starts_with("metric: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->matchers = "} or vector(1) or x{"; }).starts_with("matchers: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->value = INFINITY; }).starts_with("value: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->severity = "bad"; }).starts_with("severity: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->hold = -1; }).starts_with("for: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->escalation[1].after = 1; }).starts_with("escalation: "));
  EXPECT_TRUE(complaint([](Threshold* t) { t->summary = "{{ if }}"; }).starts_with("summary: "));
  EXPECT_TRUE(complaint([](Threshold* t) {
                t->metric = t->matchers = "";
                t->expr = "up[5m]";
              }).starts_with("expr: "));
}

TEST(ThresholdTest, JsonComesBackAsItWas) {
  const Threshold threshold = Memory();
  const std::string json = ThresholdToJson(threshold);
  const auto back = ThresholdFromJson(json);
  ASSERT_TRUE(back.ok()) << back.status().ToString() << "\n" << json;
  EXPECT_EQ(*back, threshold);
  EXPECT_NE(json.find("\"operator\":\">\""), std::string::npos);
}

TEST(ThresholdTest, BadJsonIsRefusedWithItsPlace) {
  EXPECT_NE(ThresholdFromJson("{\"id\":\"a\",\"vlaue\":1}").status().message().find("vlaue"), std::string_view::npos);
  EXPECT_FALSE(ThresholdFromJson("[]").ok());
  EXPECT_FALSE(ThresholdFromJson("{\"operator\":\"=>\"}").ok());
  EXPECT_FALSE(ThresholdFromJson("{\"value\":\"x\"}").ok());
  EXPECT_FALSE(ThresholdFromJson("{").ok());
}

TEST(ThresholdTest, TheGroupHoldsThoseThatAreEnabled) {
  Threshold off = Memory();
  off.id = "off";
  off.enabled = false;
  const auto groups = ThresholdGroup({Memory(), off}, {});
  ASSERT_TRUE(groups.ok());
  ASSERT_EQ(groups->size(), 1U);
  EXPECT_EQ((*groups)[0].name, "thresholds");
  EXPECT_EQ((*groups)[0].rules.size(), 1U);
  EXPECT_TRUE(ThresholdGroup({off}, {})->empty());
  EXPECT_EQ(ThresholdGroup({off, off}, {}).status().message(), "threshold off: id: stands twice");
}

}  // namespace
}  // namespace cachescope::rules
