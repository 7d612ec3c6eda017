// All kits of a program that has everything, and one round of the calls on its hot path; for tests of allocations and
// of threads.
#pragma once

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

namespace cachescope::kits {

struct AllKits {
  Registry layers;
  Registry tiers;
  Registry library_registry{{.namespace_ = "app"}};
  TenantBounds bounds{layers, {.max_tenants = 3, .max_datasets = 3, .max_endpoints = 3}};
  PredictiveCacheKit predictive{layers};
  SemanticCacheKit semantic{layers};
  VectorCacheKit vector{layers};
  GlobalCacheKit global{layers};
  VectorDiaryKit diary{layers};
  TwoTierKit two_tier{tiers, {.l1_limit_bytes = 1e6, .layers = &layers}};
  LibraryCacheKit library{library_registry};
  DatabaseKit database{layers};
  SystemKit system{layers};
  ApplicationKit application{layers, {.kit = {.max_values = 3}}};
  HttpKit http{layers, bounds};
  SearchKit search{layers, bounds};
  VectorOperationsKit vectors{layers, bounds};
  IndexKit index{layers, bounds};
  BackupKit backup{layers, bounds};
  RateLimitKit limits{layers, bounds};
  TenantCacheKit cache{layers, bounds};
  ServiceKit service{layers, bounds};

  /// What a request does to caches; `name` is a tenant, a data set, a model, …
  void CallLayers(std::string_view name) {
    predictive.RecordLookup(true, 1e-5);
    predictive.RecordRequest(Operation::kSet, Outcome::kError, 1e-5);
    predictive.RecordSizes(100, 1000);
    predictive.RecordEviction(name);
    predictive.RecordPrediction(0.5, 1e-4);
    predictive.RecordPredictionOutcome(true);
    predictive.RecordModelUpdate(name, 1.5, 2);
    predictive.SetSizeBytes(100);
    semantic.RecordSearch(Outcome::kSuccess, 0.9, 1e-4);
    semantic.RecordStore(Outcome::kSuccess, 1e-4);
    semantic.RecordEmbedding(name, 8, 0.1);
    vector.RecordSearch(Outcome::kSuccess, 0.9, 1e-4);
    vector.RecordAdd(Outcome::kSuccess, 5, 1e-4);
    vector.SetIndexType("hnsw");
    vector.SetIndexParameter(name, 3);
    global.RecordSearch(Outcome::kSuccess, true, 0.9, 1e-4);
    global.RecordSync(Outcome::kSuccess, 0.1);
    diary.RecordAdd(Outcome::kSuccess, 0.5, 1e-4);
    diary.RecordPatterns(name, 1);
    two_tier.RecordLookup(Answered::kL2, 1e-6, 1e-4);
    two_tier.tier(Tier::kL1).RecordError(name);
    two_tier.tier(Tier::kL1).SetMemoryBytes(10);
    library.RecordGet(true, 1e-5);
    library.RecordError(LibraryOperation::kSet, name, name);
  }

  /// What it does to a service.
  void CallService(std::string_view name) {
    database.RecordQuery(name, Outcome::kSuccess, 1e-3, 3);
    database.RecordError(DatabaseError::kTimeout);
    database.SetPool(1, 2);
    system.RecordHealthCheck(name, Health::kHealthy, 0.1);
    application.RecordLogin(name, name);
    application.RecordProcessing(name, 200, 0.1);
    application.RecordOperation(name);
    application.RecordOperationError(name, name);
    application.RecordExternal(name, Outcome::kSuccess, 0.1);
    application.RecordFeature(name, name);
    application.RecordCost(name, 0.5);
    application.RecordCacheHits(name, 3);
    http.Begin({.method = "GET", .target = "/datasets/17/vectors", .tenant = name}).End(200, 1, 2);
    search.RecordSearch("vector", name, name, 0.1, 10);
    vectors.RecordOperation("insert", name, name, 10);
    vectors.SetVectors(name, name, 5);
    index.Begin("hnsw", name, name).End(Outcome::kSuccess);
    backup.RecordBackup("full", name, Outcome::kSuccess, 1, 100);
    limits.RecordDecision(name, "per_minute", true, 3);
    cache.RecordLookup("query", name, true);
    service.RecordError("vector", name, name);
    service.SetMemory(1, 2);
  }
};

}  // namespace cachescope::kits
