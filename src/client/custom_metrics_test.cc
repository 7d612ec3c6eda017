#include "cachescope/custom_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"

namespace cachescope {
namespace {

using testing::HasSubstr;

TEST(CustomMetrics, CountsSetsAndRecordsByName) {
  Registry registry({.namespace_ = "app", .self_metrics = false});
  CustomMetrics custom(registry, {.buckets = {1}});
  custom.Increment("user.login", {{"source", "api"}, {"method", "oauth"}});
  custom.Increment("user.login", {{"method", "oauth"}, {"source", "api"}}, 2);
  custom.SetGauge("active_sessions", 5, {{"server", "web-01"}});
  custom.AddGauge("active_sessions", 2, {{"server", "web-01"}});
  custom.Record("work_seconds", 0.5);
  EXPECT_EQ(Text(registry),
            "# TYPE app_active_sessions gauge\napp_active_sessions{server=\"web-01\"} 7\n"
            "# TYPE app_user_login_total counter\napp_user_login_total{method=\"oauth\",source=\"api\"} 3\n"
            "# TYPE app_work_seconds histogram\napp_work_seconds_bucket{le=\"1\"} 1\n"
            "app_work_seconds_bucket{le=\"+Inf\"} 1\napp_work_seconds_sum 0.5\napp_work_seconds_count 1\n");
}

TEST(CustomMetrics, DropsAndCountsWhatDoesNotFit) {
  Registry registry;
  CustomMetrics custom(registry, {.max_families = 4});
  custom.SetGauge("a", 1, {{"x", "1"}});
  custom.SetGauge("a", 1);                            // other labels
  custom.SetGauge("a", 1, {{"y", "1"}});              // other labels
  custom.Record("a", 1, {{"x", "1"}});                // other kind
  custom.SetGauge("b", 1, {{"x", "1"}, {"x", "2"}});  // a name twice
  custom.SetGauge("b", 1, {{"x", "1"}, {"x", "2"}});
  custom.SetGauge("", 1);
  custom.Increment("c", {{"__x", "1"}});
  custom.SetGauge("d", 1);  // one family too many
  custom.SetGauge("e", 1);
  custom.SetGauge("a", 2, {{"x", "1"}});
  const std::string text = Text(registry);
  EXPECT_THAT(text, HasSubstr("a{x=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("cachescope_client_custom_dropped_total 9\n"));
  EXPECT_THAT(registry.Errors(), testing::Contains(HasSubstr("cannot use custom metric \"a\": it is a metric with")));
  EXPECT_THAT(registry.Errors(), testing::Contains(HasSubstr("there are 4 already")));
}

TEST(CustomMetrics, BoundsLabelSets) {
  Registry registry;
  CustomMetrics custom(registry, {.max_series = 10});
  for (int i = 0; i < 100000; ++i) custom.Increment("a", {{"user", std::to_string(i)}});
  EXPECT_THAT(Text(registry), HasSubstr("a_total{user=\"other\"} 99990\n"));
  EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_series_folded_total{family=\"a_total\"} 99990\n"));
}

TEST(CustomMetrics, KeepsNamesWhereTheRegistryDoes) {
  Registry registry({.self_metrics = false, .name_rules = NameRules::kUtf8});
  CustomMetrics custom(registry);
  custom.SetGauge("user.größe", 1, {{"a.b", "c"}});
  EXPECT_EQ(registry.Collect().at(0).name, "user.größe");
  EXPECT_EQ(registry.Collect().at(0).series.at(0).labels, (LabelPairs{{"a.b", "c"}}));
  EXPECT_EQ(Text(registry), "# TYPE user_gr__e gauge\nuser_gr__e{a_b=\"c\"} 1\n");
}

TEST(CustomMetrics, DoesNotAllocateForKnownSeries) {
  Registry registry;
  CustomMetrics custom(registry);
  custom.Increment("a", {{"x", "1"}});
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 100; ++i) custom.Increment("a", {{"x", "1"}});
  EXPECT_EQ(client::AllocationCountForTest(), before);
}

TEST(CustomMetrics, ManyThreads) {
  Registry registry({.self_metrics = false});
  CustomMetrics custom(registry);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        custom.Increment("m" + std::to_string(i % 10), {{"x", std::to_string(i % 3)}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  double sum = 0;
  for (const FamilySnapshot& family : registry.Collect()) {
    for (const SeriesSnapshot& series : family.series) sum += series.value;
  }
  EXPECT_EQ(sum, 8000);
}

}  // namespace
}  // namespace cachescope
