#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cachescope/exposition.h"
#include "cachescope/kits/application.h"
#include "cachescope/kits/backup.h"
#include "cachescope/kits/database.h"
#include "cachescope/kits/index_build.h"
#include "cachescope/kits/library_cache.h"
#include "cachescope/kits/rate_limit.h"
#include "cachescope/kits/search.h"
#include "cachescope/kits/service.h"
#include "cachescope/kits/tenant_cache.h"
#include "cachescope/kits/vector_operations.h"
#include "client/kits/test_clock_test.h"

namespace cachescope::kits {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr KitOptions kKit = {.window = std::chrono::seconds(60), .now = &TestNow};

class ServiceKitsTest : public testing::Test {
 protected:
  ServiceKitsTest() { test_seconds = 1000; }
  void Expect(const std::string& line) { EXPECT_THAT(Text(registry_), HasSubstr(line + "\n")); }
  Registry registry_{{.self_metrics = false}};
  TenantBounds bounds_{registry_, {.max_tenants = 2, .max_datasets = 2}};
};

TEST_F(ServiceKitsTest, SearchFoldsTenantAndDataSetOnTheirOwn) {
  SearchKit kit(registry_, bounds_);
  kit.RecordSearch("vector", "d1", "t1", 0.01, 3);
  kit.RecordSearch("vector", "d2", "t2", 0.01, 3);
  kit.RecordSearch("vector", "d3", "t1", 0.01, 3);
  kit.RecordSearch("vector", "d1", "t3", 0.01, 3);
  kit.RecordSearch("vector", "d1", "", 0.01, 3);
  Expect("search_operations_total{search_type=\"vector\",dataset_id=\"d1\",tenant_id=\"t1\"} 1");
  Expect("search_operations_total{search_type=\"vector\",dataset_id=\"other\",tenant_id=\"t1\"} 1");
  Expect("search_operations_total{search_type=\"vector\",dataset_id=\"d1\",tenant_id=\"other\"} 2");
  Expect("search_results_count{search_type=\"vector\"} 5");
  Expect("cachescope_kits_values_folded_total{label=\"dataset_id\"} 1");
  Expect("cachescope_kits_values_folded_total{label=\"tenant_id\"} 2");
}

TEST_F(ServiceKitsTest, VectorOperationsHaveTheirBatchSizes) {
  VectorOperationsKit kit(registry_, bounds_);
  kit.RecordOperation("insert", "d1", "t1", 500);
  Expect("vector_operations_total{operation=\"insert\",dataset_id=\"d1\",tenant_id=\"t1\"} 1");
  Expect("vector_batch_size_bucket{operation=\"insert\",dataset_id=\"d1\",tenant_id=\"t1\",le=\"100\"} 0");
  Expect("vector_batch_size_bucket{operation=\"insert\",dataset_id=\"d1\",tenant_id=\"t1\",le=\"500\"} 1");
}

TEST_F(ServiceKitsTest, AnIndexBuildThatGoesAwayBroke) {
  IndexKit kit(registry_, bounds_);
  {
    IndexKit::Build build = kit.Begin("hnsw", "d1", "t1");
    Expect("index_builds_in_progress{index_type=\"hnsw\"} 1");
    build.End(Outcome::kSuccess);
    const IndexKit::Build lost = kit.Begin("hnsw", "d1", "t1");
  }
  Expect("index_builds_in_progress{index_type=\"hnsw\"} 0");
  Expect("index_builds_total{index_type=\"hnsw\",status=\"success\"} 1");
  Expect("index_builds_total{index_type=\"hnsw\",status=\"error\"} 1");
  Expect("index_build_duration_seconds_count{index_type=\"hnsw\",dataset_id=\"d1\",tenant_id=\"t1\"} 1");
}

TEST_F(ServiceKitsTest, OnlyABackupThatSucceededCountsAsOne) {
  BackupKit kit(registry_, bounds_);
  kit.RecordBackup("full", "t1", Outcome::kError, 100, 0);
  Expect("backups_total{backup_type=\"full\",status=\"error\"} 1");
  EXPECT_THAT(Text(registry_), Not(HasSubstr("backup_duration_seconds_count")));
  kit.RecordBackup("full", "t1", Outcome::kSuccess, 100, 77);
  Expect("backup_duration_seconds_count{backup_type=\"full\",tenant_id=\"t1\"} 1");
  Expect("backup_size_bytes{backup_type=\"full\",tenant_id=\"t1\"} 77");
  EXPECT_THAT(Text(registry_),
              HasSubstr("backup_last_success_timestamp_seconds{backup_type=\"full\",tenant_id=\"t1\"} 1"));
}

TEST_F(ServiceKitsTest, RateLimitHitsAreRequestsTurnedAway) {
  RateLimitKit kit(registry_, bounds_);
  kit.RecordDecision("t1", "per_minute", true, 1);
  kit.RecordDecision("t1", "per_minute", false, 0);
  Expect("rate_limit_hits_total{tenant_id=\"t1\",limit_type=\"per_minute\"} 1");
  Expect("rate_limit_remaining{tenant_id=\"t1\",limit_type=\"per_minute\"} 0");
  Expect("rate_limit_decisions_total{limit_type=\"per_minute\",decision=\"allowed\"} 1");
}

TEST_F(ServiceKitsTest, CacheHitRatioFallsWhenLookupsMiss) {
  TenantCacheKit kit(registry_, bounds_, kKit);
  kit.RecordLookup("query", "t1", true);
  Expect("cache_hit_ratio{cache_type=\"query\",tenant_id=\"t1\"} 1");
  for (int i = 0; i < 3; ++i) kit.RecordLookup("query", "t1", false);
  kit.RecordOperation("set", "query", "t1");
  Expect("cache_hit_ratio{cache_type=\"query\",tenant_id=\"t1\"} 0.25");
  Expect("cache_operations_total{operation=\"get\",cache_type=\"query\",tenant_id=\"t1\"} 4");
  Expect("cache_operations_total{operation=\"set\",cache_type=\"query\",tenant_id=\"t1\"} 1");
}

TEST_F(ServiceKitsTest, ServiceSaysWhatItIs) {
  ServiceKit kit(registry_, bounds_);
  kit.SetInfo("1.0", "staging", "2024-01-01");
  kit.SetInfo("1.1", "production", "2024-02-01");
  Expect("deeplake_api_info{version=\"1.1\",environment=\"production\",build_date=\"2024-02-01\"} 1");
  EXPECT_THAT(Text(registry_), Not(HasSubstr("staging")));
  kit.RecordError("vector", "E1", "t1");
  Expect("errors_total{error_type=\"vector\",error_code=\"E1\",tenant_id=\"t1\"} 1");
  EXPECT_TRUE(kit.SampleHost({"/"}));
  EXPECT_FALSE(kit.SampleHost({"/no/such/folder"}));
  EXPECT_THAT(Text(registry_), HasSubstr("disk_free_bytes{mount_point=\"/\"} "));
}

TEST_F(ServiceKitsTest, DatabaseFeedsBothViews) {
  DatabaseKit kit(registry_, {.component = "orders", .database_type = "postgresql", .pool_limit = 20});
  kit.RecordQuery("select", Outcome::kSuccess, 0.01, 5);
  kit.RecordQuery("select", Outcome::kError, 0.02);
  kit.RecordError(DatabaseError::kConnection);
  kit.SetPool(3, 4);
  Expect("database_operations_total{database_type=\"postgresql\",query_type=\"select\",status=\"error\"} 1");
  Expect("database_query_time_count{database_type=\"postgresql\",query_type=\"select\"} 2");
  Expect("database_rows_sum{database_type=\"postgresql\",query_type=\"select\"} 5");
  Expect("database_errors_total{database_type=\"postgresql\",type=\"connection\"} 1");
  Expect("database_connections{database_type=\"postgresql\"} 7");
  Expect("database_pool_limit{database_type=\"postgresql\"} 20");
  Expect("system_database_connections{component=\"orders\",database_type=\"postgresql\"} 7");
  Expect(
      "system_database_query_time_seconds_count{component=\"orders\",database_type=\"postgresql\",query_type="
      "\"select\"} 2");
  Expect("system_database_errors_total{component=\"orders\",database_type=\"postgresql\",error_type=\"connection\"} 1");
}

TEST_F(ServiceKitsTest, LibraryNamesStandInTheirNamespace) {
  Registry registry({.namespace_ = "yoked", .constant_labels = {{"env", "prod"}}});
  LibraryCacheKit kit(registry, kKit);
  kit.RecordGet(true, 0.001);
  kit.RecordGet(true, 0.001);
  kit.RecordGet(false, 0.001);
  kit.RecordError(LibraryOperation::kGet, "connection", "Refused");
  test_seconds = 1030;
  const std::string text = Text(registry);
  EXPECT_THAT(text, HasSubstr("yoked_cache_gets_total{env=\"prod\",result=\"hit\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("yoked_cache_hit_rate{env=\"prod\"} 0.6666666666666666\n"));
  EXPECT_THAT(text, HasSubstr("yoked_cache_operation_duration_seconds_count{env=\"prod\",operation=\"get\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("yoked_cache_error_rate{env=\"prod\",operation=\"get\"} 0.25\n"));
  EXPECT_THAT(text, HasSubstr("yoked_cache_errors_total{env=\"prod\",operation=\"get\",error_type=\"connection\","
                              "error_class=\"Refused\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("yoked_cache_uptime_seconds{env=\"prod\"} 30\n"));
}

TEST_F(ServiceKitsTest, ApplicationJudgesWaiting) {
  ApplicationKit kit(registry_, {.satisfied_seconds = 0.5, .kit = kKit});
  kit.RecordUserRequest(0.5);
  kit.RecordUserRequest(2);
  kit.RecordUserRequest(2.001);
  kit.RecordUserRequest(0.1, true);
  kit.RecordProcessing("/api/users", 503, 0.01);
  Expect("business_user_requests_total{satisfaction=\"satisfied\"} 1");
  Expect("business_user_requests_total{satisfaction=\"tolerating\"} 1");
  Expect("business_user_requests_total{satisfaction=\"frustrated\"} 3");
}

TEST_F(ServiceKitsTest, ApplicationCountsMoneyAndErrors) {
  ApplicationKit kit(registry_, {.currency = "EUR", .price_of_miss = 0.25, .kit = kKit});
  kit.RecordCacheHits("semantic", 6);
  kit.RecordCost("embedding", 0.5);
  Expect("business_cost_saved_total{cache_layer=\"semantic\",currency=\"EUR\"} 1.5");
  Expect("business_cost_total{resource=\"embedding\",currency=\"EUR\"} 0.5");
  for (int i = 0; i < 4; ++i) kit.RecordOperation("checkout");
  kit.RecordOperationError("checkout", "timeout");
  Expect("operation_error_rate{operation=\"checkout\"} 0.25");
  Expect("operation_errors_total{operation=\"checkout\",error_type=\"timeout\"} 1");
}

}  // namespace
}  // namespace cachescope::kits
