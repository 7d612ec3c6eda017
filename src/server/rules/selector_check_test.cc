#include "server/rules/selector_check.h"

#include <gtest/gtest.h>

#include "server/promql/memory_store.h"
#include "server/rules/nearest.h"
#include "server/rules/rule_manager.h"

namespace cachescope::rules {
namespace {

constexpr TimestampMs kNow = 1'700'000'000'000;

void Put(promql::MemoryStore& store, const Labels& labels, TimestampMs t = kNow - 10'000) {
  const auto appender = store.NewAppender();
  ASSERT_TRUE(appender->Append(0, labels, t, 1).ok());
  ASSERT_TRUE(appender->Commit().ok());
}

// What redis_exporter emits, scraped under the job its README names.
void PutRedis(promql::MemoryStore& store) {
  for (const char* name :
       {"redis_up", "redis_memory_used_bytes", "redis_connected_clients", "redis_config_maxclients",
        "redis_cluster_state", "redis_cluster_slots_fail", "redis_cluster_slots_pfail", "redis_memory_max_bytes"}) {
    for (const char* instance : {"a:9121", "b:9121"}) {
      Put(store, {{"__name__", name}, {"job", "redis_exporter"}, {"instance", instance}});
    }
  }
}

std::vector<SelectorFinding> Check(promql::MemoryStore& store, const std::string& expr,
                                   const std::vector<std::string>& written = {}) {
  const auto parsed = promql::ParseExpr(expr, {});
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
  return CheckSelectors({{parsed->get()}}, written, store, kNow, 5 * 60'000).at(0);
}

TEST(SelectorCheckTest, SaysWhichMatcherKillsAndWhatWouldMatch) {
  promql::MemoryStore store;
  PutRedis(store);
  const auto findings = Check(store, "redis_up{job=\"redis\"} == 0");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].selector, "redis_up{job=\"redis\"}");
  EXPECT_EQ(findings[0].verdict, SelectorVerdict::kNothing);
  EXPECT_EQ(findings[0].why, "job=\"redis\" matches nothing; this metric has job=\"redis_exporter\"");
  EXPECT_EQ(findings[0].repair, "redis_up{job=\"redis_exporter\"}");
}

TEST(SelectorCheckTest, AMatchIsCounted) {
  promql::MemoryStore store;
  PutRedis(store);
  const auto findings = Check(store, "sum(redis_up{job=~\"redis.*\"}) < 2");
  EXPECT_EQ(findings[0].verdict, SelectorVerdict::kMatched);
  EXPECT_EQ(findings[0].matched, 2U);
  EXPECT_EQ(findings[0].last_matched_at, kNow);
}

TEST(SelectorCheckTest, AMissingMetricIsExplained) {
  promql::MemoryStore store;
  PutRedis(store);
  const auto hint = Check(store, "redis_total_system_memory_bytes");
  EXPECT_EQ(hint[0].why,
            "there is no metric redis_total_system_memory_bytes; redis_exporter exports it only with "
            "--include-system-metrics");
  const auto slip = Check(store, "redis_memory_usd_bytes{instance=\"a:9121\"}");
  EXPECT_EQ(slip[0].repair, "redis_memory_used_bytes{instance=\"a:9121\"}");
  EXPECT_EQ(Check(store, "nothing_like_it_at_all")[0].repair, "");
}

TEST(SelectorCheckTest, LabelsThatExclude) {
  promql::MemoryStore store;
  Put(store, {{"__name__", "m"}, {"a", "1"}, {"b", "1"}});
  Put(store, {{"__name__", "m"}, {"a", "2"}, {"b", "2"}});
  const auto findings = Check(store, "m{a=\"1\", b=\"2\"}");
  EXPECT_EQ(findings[0].verdict, SelectorVerdict::kNothing);
  EXPECT_NE(findings[0].why.find("at once"), std::string::npos) << findings[0].why;
  EXPECT_EQ(Check(store, "m{zone=\"x\"}")[0].why, "zone=\"x\" matches nothing; this metric has no label zone");
}

TEST(SelectorCheckTest, EmptyOnPurpose) {
  promql::MemoryStore store;
  PutRedis(store);
  EXPECT_EQ(Check(store, "absent(redis_up{job=\"x\"})")[0].verdict, SelectorVerdict::kExpectedEmpty);
  EXPECT_EQ(Check(store, "absent_over_time(redis_up{job=\"x\"}[5m])")[0].role, SelectorRole::kAbsent);
  const auto unless = Check(store, "redis_up unless on(instance) maintenance");
  ASSERT_EQ(unless.size(), 2U);
  EXPECT_EQ(unless[0].verdict, SelectorVerdict::kMatched);
  EXPECT_EQ(unless[1].verdict, SelectorVerdict::kExpectedEmpty);
  EXPECT_EQ(unless[1].role, SelectorRole::kSubtracted);
  EXPECT_EQ(Check(store, "redis_up or vector(0)")[0].role, SelectorRole::kAlternative);
  EXPECT_EQ(Check(store, "job:x:sum > 1", {"job:x:sum"})[0].verdict, SelectorVerdict::kExpectedEmpty);
}

TEST(SelectorCheckTest, OfTwoThatAreDividedOneMayBeGone) {
  promql::MemoryStore store;
  PutRedis(store);
  const auto findings = Check(store, "redis_memory_used_bytes / redis_total_system_memory_bytes > 0.9");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].verdict, SelectorVerdict::kMatched);
  EXPECT_EQ(findings[1].verdict, SelectorVerdict::kNothing);
}

TEST(SelectorCheckTest, TheWindowCounts) {
  promql::MemoryStore store;
  PutRedis(store);
  Put(store, {{"__name__", "old"}}, kNow - 60 * 60'000);
  EXPECT_EQ(Check(store, "old")[0].verdict, SelectorVerdict::kNothing);
  EXPECT_EQ(Check(store, "rate(old[2h])")[0].verdict, SelectorVerdict::kMatched);
  EXPECT_EQ(Check(store, "old offset 1h")[0].verdict, SelectorVerdict::kMatched);
  EXPECT_EQ(Check(store, "max_over_time(old[5m:1m] offset 58m)")[0].verdict, SelectorVerdict::kMatched);
}

TEST(SelectorCheckTest, AnEmptyStoreKnowsNothing) {
  promql::MemoryStore store;
  EXPECT_EQ(Check(store, "up")[0].verdict, SelectorVerdict::kUnknown);
}

// Six alerts in the manner of a pack many people run: all select a job that its exporter's documentation does not
// name, and one divides by a metric that is off by default. Loaded, they are told apart from healthy ones.
TEST(SelectorCheckTest, APackThatCanNeverFireIsReportedWhole) {
  promql::MemoryStore store;
  PutRedis(store);
  const SimulatedClock clock(kNow);
  const promql::Engine engine;
  const auto manager = RuleManager::New(engine, store, nullptr, clock);
  const Status loaded = manager->Apply({{"redis.yml", R"(
groups:
- name: redis
  rules:
  - {alert: RedisIsDown, expr: 'redis_up{job="redis"} == 0', for: 5m}
  - {alert: RedisMemoryIsShort, for: 5m, expr: 'redis_memory_used_bytes{job="redis"} / redis_total_system_memory_bytes{job="redis"} > 0.9'}
  - {alert: RedisClientsNearLimit, expr: 'redis_connected_clients{job="redis"} > 0.8 * redis_config_maxclients{job="redis"}'}
  - {alert: RedisClusterBroken, expr: 'redis_cluster_state{job="redis"} == 0'}
  - {alert: RedisSlotsFail, expr: 'redis_cluster_slots_fail{job="redis"} > 0'}
  - {alert: RedisSlotsMayFail, expr: 'redis_cluster_slots_pfail{job="redis"} > 0'}
)"}},
                                       {});
  ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  manager->CheckNow();
  int reported = 0;
  const std::vector<GroupSnapshot> groups = manager->Groups();
  for (const RuleSnapshot& rule : groups.at(0).rules) {
    ASSERT_FALSE(rule.selectors.empty()) << rule.name;
    for (const SelectorFinding& finding : rule.selectors) {
      EXPECT_EQ(finding.verdict, SelectorVerdict::kNothing) << rule.name;
      EXPECT_FALSE(finding.why.empty()) << rule.name;
      EXPECT_FALSE(finding.repair.empty()) << rule.name;
    }
    const SelectorFinding& last = rule.selectors.back();
    if (rule.name == "RedisMemoryIsShort") {
      EXPECT_NE(last.why.find("--include-system-metrics"), std::string::npos) << last.why;
    } else {
      EXPECT_NE(last.repair.find("job=\"redis_exporter\""), std::string::npos) << last.repair;
    }
    ++reported;
  }
  EXPECT_EQ(reported, 6);
  EXPECT_EQ(manager->Stats().dead_selectors, 8U);
}

TEST(NearestTest, Distances) {
  EXPECT_EQ(EditDistance("kitten", "sitting", 10), 3U);
  EXPECT_EQ(EditDistance("", "abc", 10), 3U);
  EXPECT_EQ(EditDistance("abc", "xyz", 1), 2U);
  EXPECT_EQ(NearestOf("redis", {"node", "redis_exporter", "redos_x"}), "redis_exporter");
  EXPECT_EQ(NearestOf("prod", {"prd", "staging"}), "prd");
  EXPECT_EQ(NearestOf("abc", {"xyz"}), "");
}

}  // namespace
}  // namespace cachescope::rules
