// Every family of the catalogue moves when the kits' calls are made: none is left for decoration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/catalogue/catalogue.h"
#include "cachescope/exposition.h"
#include "cachescope/kits/application.h"
#include "cachescope/kits/backup.h"
#include "cachescope/kits/database.h"
#include "cachescope/kits/global_cache.h"
#include "cachescope/kits/http.h"
#include "cachescope/kits/index_build.h"
#include "cachescope/kits/library_cache.h"
#include "cachescope/kits/predictive_cache.h"
#include "cachescope/kits/rate_limit.h"
#include "cachescope/kits/search.h"
#include "cachescope/kits/semantic_cache.h"
#include "cachescope/kits/service.h"
#include "cachescope/kits/system.h"
#include "cachescope/kits/tenant_cache.h"
#include "cachescope/kits/two_tier_cache.h"
#include "cachescope/kits/vector_cache.h"
#include "cachescope/kits/vector_diary.h"
#include "cachescope/kits/vector_operations.h"
#include "client/kits/fake_proc_test.h"
#include "client/kits/test_clock_test.h"

namespace cachescope::kits {
namespace {

using catalogue::Entry;
using catalogue::Space;
using testing::IsEmpty;

constexpr KitOptions kKit = {.window = std::chrono::seconds(60), .max_values = 3, .now = &TestNow};

// Registries by space, as a program would have them.
struct Registries {
  Registry layers;
  Registry tiers;
  Registry library{{.namespace_ = "app"}};

  Registry& Of(Space space) { return space == Space::kLayers ? layers : space == Space::kTiers ? tiers : library; }
};

// The text of each family's series.
std::map<std::string, std::string> Texts(Registry& registry) {
  std::map<std::string, std::string> texts;
  for (const FamilySnapshot& family : registry.Collect()) {
    std::string& text = texts[family.name];
    AppendText(std::span<const FamilySnapshot>(&family, 1), &text);
  }
  return texts;
}

struct LayerKits {
  explicit LayerKits(Registries& to)
      : predictive(to.layers, "predictive", kKit),
        semantic(to.layers, {.kit = kKit}),
        vector(to.layers, {.kit = kKit}),
        global(to.layers, "global", kKit),
        diary(to.layers, {.kit = kKit}) {}

  void Use() {
    predictive.RecordLookup(true, 0.001);
    predictive.RecordLookup(false, 0.002);
    predictive.RecordRequest(Operation::kSet, Outcome::kError, 0.003);
    predictive.RecordSizes(100, 20000);
    predictive.RecordEviction("capacity", 3);
    predictive.RecordPrediction(0.8, 0.01);
    predictive.RecordPredictionOutcome(true);
    predictive.RecordPredictionOutcome(false);
    predictive.RecordModelLoad("next-key", 1.5, 6);
    predictive.RecordModelUpdate("next-key", 30, 7);
    predictive.SetSizeBytes(1e6);
    predictive.SetMemoryBytes(2e6);
    predictive.SetCpuPercent(12.5);

    semantic.RecordSearch(Outcome::kSuccess, 0.95, 0.01);
    semantic.RecordSearch(Outcome::kSuccess, 0.3, 0.01);
    semantic.RecordStore(Outcome::kSuccess, 0.01);
    semantic.RecordUpdate(Outcome::kFailed, 0.01);
    semantic.RecordEmbedding("e5-small", 32, 0.2);
    semantic.RecordIndexBuild(12);
    semantic.RecordIndexOptimization(3);
    semantic.SetSimilarityThreshold(0.7);
    semantic.SetIndexSizeBytes(5e5);
    semantic.SetSizeBytes(3e6);
  }

  void UseVectors() {
    vector.RecordSearch(Outcome::kSuccess, 0.9, 0.01);
    vector.RecordSearch(Outcome::kSuccess, 0.1, 0.01);
    vector.RecordSearchBatch();
    vector.RecordAdd(Outcome::kSuccess, 10, 0.1);
    vector.RecordUpdate(Outcome::kSuccess, 2, 0.1);
    vector.RecordDelete(Outcome::kSuccess, 2, 0.1);
    vector.RecordIndexBuild(4);
    vector.SetIndexType("hnsw");
    vector.SetIndexParameter("m", 16);
    vector.SetIndexSetting("metric", "cosine");
    vector.SetDimensionality(384);
    vector.SetSizeBytes(4e6);

    diary.RecordAdd(Outcome::kSuccess, 0.6, 0.01);
    diary.RecordSearch(Outcome::kSuccess, true, 0.01);
    diary.RecordUpdate(Outcome::kSuccess, 0.01);
    diary.RecordDelete(Outcome::kSuccess, 0.01);
    diary.RecordPatternAnalysis(Outcome::kSuccess, 0.5);
    diary.RecordPatterns("daily_peak", 2);
    diary.RecordArchive(Outcome::kSuccess, 0.5);
    diary.SetEntries(100);
    diary.SetArchivedEntries(1000);
    diary.SetImportanceThreshold(0.25);
    diary.SetSizeBytes(6e6);
  }

  void UseGlobal() {
    global.RecordSearch(Outcome::kSuccess, true, 0.9, 0.01);
    global.RecordSearch(Outcome::kSuccess, false, 0, 0.01);
    global.RecordUpdate(Outcome::kSuccess, 0.8, 0.01);
    global.RecordSync(Outcome::kSuccess, 0.5);
    test_seconds = test_seconds + 30;
    global.RecordSync(Outcome::kFailed, 0.5);
    global.RecordValidation(Outcome::kSuccess, 0.02);
    global.SetKnowledgeEntries(5000);
    global.SetSizeBytes(5e6);
  }

  PredictiveCacheKit predictive;
  SemanticCacheKit semantic;
  VectorCacheKit vector;
  GlobalCacheKit global;
  VectorDiaryKit diary;
};

struct OtherKits {
  explicit OtherKits(Registries& to)
      : tiers(to.tiers,
              {.l1_limit_bytes = 1e6, .l2_limit_bytes = 1e9, .pool_limit = 10, .layers = &to.layers, .kit = kKit}),
        library(to.library, kKit),
        database(to.layers, {.pool_limit = 20, .kit = kKit}),
        system(to.layers, {.processes = {"redis-server"}, .proc = proc.path(), .kit = kKit}),
        application(to.layers, {.price_of_miss = 0.001, .kit = kKit}) {}

  void Use() {
    tiers.RecordLookup(Answered::kL1, 0.001);
    tiers.RecordLookup(Answered::kL2, 0.001, 0.01);
    tiers.RecordLookup(Answered::kNobody, 0.001, 0.01);
    TierRecorder& l1 = tiers.tier(Tier::kL1);
    l1.RecordOperation(Operation::kSet, 0.002);
    l1.RecordError("timeout");
    l1.RecordEvictions(2);
    l1.RecordExpirations(3);
    l1.SetEntries(50);
    l1.SetMemoryBytes(5e5);
    tiers.SetConnections(4);

    library.RecordGet(true, 0.001);
    library.RecordGet(false, 0.001);
    library.RecordSet(0.001);
    library.RecordDelete(0.001);
    library.RecordInvalidation(5, 0.001);
    library.RecordError(LibraryOperation::kGet, "connection", "ConnectionRefused");
    library.RecordHealthCheck(true, 0.01);
    library.RecordHealthCheckError();
    library.RecordHealthCheck(true, 0.01);
    library.SetSizeBytes(1e6);
    library.SetKeys(1000);

    database.RecordQuery("select", Outcome::kSuccess, 0.01, 20);
    database.RecordError(DatabaseError::kConnection);
    database.RecordPoolWait(0.001);
    database.SetPool(3, 7);
    database.SetPoolLimit(40);

    system.Sample();
    proc.Advance();
    test_seconds = test_seconds + 10;
    EXPECT_TRUE(system.Sample());
    system.RecordHealthCheck("redis", Health::kWarning, 0.02);
  }

  void UseApplication() {
    application.RecordLogin("api", "oauth");
    application.SetActiveSessions("web-01", 17);
    application.RecordProcessing("/api/users", 200, 0.1);
    application.RecordOperation("checkout");
    application.RecordOperationError("checkout", "timeout");
    application.RecordExternal("openai", Outcome::kSuccess, 1.2);
    application.RecordFeature("export", "acme");
    application.SetTenants("active", 12);
    application.SetApiKeys("acme", 3);
    application.RecordCost("embedding", 0.25);
    application.RecordRevenue("search", 9.5);
    application.RecordCacheHits("semantic", 100);
  }

  FakeProc proc;
  TwoTierKit tiers;
  LibraryCacheKit library;
  DatabaseKit database;
  SystemKit system;
  ApplicationKit application;
};

struct ApiKits {
  explicit ApiKits(Registries& to)
      : bounds(to.layers, {.max_tenants = 2}),
        http(to.layers, bounds, {.now = &TestNow}),
        search(to.layers, bounds),
        vectors(to.layers, bounds),
        index(to.layers, bounds),
        backup(to.layers, bounds),
        limits(to.layers, bounds),
        cache(to.layers, bounds, kKit),
        service(to.layers, bounds) {}

  void Use() {
    http.Begin({.method = "GET", .target = "/datasets/7", .tenant = "acme"}).End(200, 10, 2000);
    search.RecordSearch("vector", "wiki", "acme", 0.02, 10);
    vectors.RecordOperation("insert", "wiki", "acme", 100);
    vectors.SetVectors("wiki", "acme", 1e6);
    vectors.SetDatasets("acme", 4);
    build = std::make_unique<IndexKit::Build>(index.Begin("hnsw", "wiki", "acme"));
    index.RecordBuild("hnsw", "wiki", "acme", Outcome::kSuccess, 40);
    backup.RecordBackup("full", "acme", Outcome::kSuccess, 120, 1000000);
    limits.RecordDecision("acme", "requests_per_minute", false, 0);
    limits.RecordDecision("zeta", "requests_per_minute", true, 59);
    limits.RecordDecision("one too many", "requests_per_minute", true, 59);
    cache.RecordLookup("query", "acme", true);
    cache.RecordLookup("query", "acme", false);
    cache.RecordOperation("set", "query", "acme");
    service.SetInfo("1.2.3", "production", "2024-01-01");
    service.RecordError("vector", "E42", "acme");
    service.SetActiveConnections(7);
    EXPECT_TRUE(service.SampleHost({"/"}));
  }

  TenantBounds bounds;
  HttpKit http;
  SearchKit search;
  VectorOperationsKit vectors;
  IndexKit index;
  BackupKit backup;
  RateLimitKit limits;
  TenantCacheKit cache;
  ServiceKit service;
  std::unique_ptr<IndexKit::Build> build;  // still running when the families are looked at
};

TEST(Kits, MoveEveryFamilyOfTheCatalogue) {
  test_seconds = 1000;
  Registries registries;
  LayerKits layers(registries);
  OtherKits others(registries);
  ApiKits api(registries);
  std::map<Space, std::map<std::string, std::string>> before;
  for (const Space space : {Space::kLayers, Space::kTiers, Space::kLibrary}) {
    before[space] = Texts(registries.Of(space));
  }

  test_seconds = test_seconds + 1;
  layers.Use();
  layers.UseVectors();
  layers.UseGlobal();
  others.Use();
  others.UseApplication();
  api.Use();

  std::vector<std::string> not_moved;
  for (const Space space : {Space::kLayers, Space::kTiers, Space::kLibrary}) {
    EXPECT_THAT(registries.Of(space).Errors(), IsEmpty());
    const auto after = Texts(registries.Of(space));
    for (const Entry& entry : Catalogue::Rows()) {
      if (entry.group->space != space) continue;
      const std::string name = (space == Space::kLibrary ? "app_" : "") + std::string(entry.row->name);
      const auto found = after.find(name);
      if (found == after.end() || found->second == before[space][name]) not_moved.push_back(name);
    }
  }
  EXPECT_THAT(not_moved, IsEmpty());
}

}  // namespace
}  // namespace cachescope::kits
