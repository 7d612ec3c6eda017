#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "cachescope/exposition.h"
#include "cachescope/kits/global_cache.h"
#include "cachescope/kits/predictive_cache.h"
#include "cachescope/kits/semantic_cache.h"
#include "cachescope/kits/two_tier_cache.h"
#include "cachescope/kits/vector_cache.h"
#include "cachescope/kits/vector_diary.h"
#include "client/kits/test_clock_test.h"

namespace cachescope::kits {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr KitOptions kKit = {.window = std::chrono::seconds(60), .max_values = 2, .now = &TestNow};

class LayerKitsTest : public testing::Test {
 protected:
  LayerKitsTest() { test_seconds = 1000; }
  void Expect(const std::string& line) { EXPECT_THAT(Text(registry_), HasSubstr(line + "\n")); }
  Registry registry_{{.self_metrics = false}};
};

TEST_F(LayerKitsTest, SemanticSearchIsAHitFromTheThresholdOn) {
  SemanticCacheKit kit(registry_, {.similarity_threshold = 0.9, .kit = kKit});
  kit.RecordSearch(Outcome::kSuccess, 0.9, 0.001);
  kit.RecordSearch(Outcome::kSuccess, 0.89, 0.001);
  kit.RecordSearch(Outcome::kSuccess, std::numeric_limits<double>::quiet_NaN(), 0.001);  // an empty cache
  kit.RecordSearch(Outcome::kError, 1, 0.001);
  Expect("semantic_cache_hits_total{cache_layer=\"semantic\"} 1");
  Expect("semantic_cache_misses_total{cache_layer=\"semantic\"} 2");
  Expect("semantic_cache_similarity_score_count{cache_layer=\"semantic\"} 2");
  Expect("semantic_cache_search_requests_total{cache_layer=\"semantic\",status=\"error\"} 1");
  Expect("semantic_cache_search_requests_total{cache_layer=\"semantic\",status=\"success\"} 3");
  Expect("cache_requests_total{cache_layer=\"semantic\",status=\"success\"} 3");
  Expect("cache_requests_total{cache_layer=\"semantic\",status=\"error\"} 1");
  Expect("cache_hits_total{cache_layer=\"semantic\"} 1");
  Expect("cache_misses_total{cache_layer=\"semantic\"} 2");
  Expect("cache_response_time_count{cache_layer=\"semantic\"} 4");
  Expect("cache_system_response_time_seconds_count{cache_layer=\"semantic\",operation=\"search\"} 4");
  kit.SetSimilarityThreshold(0.5);
  kit.RecordSearch(Outcome::kSuccess, 0.6, 0.001);
  Expect("semantic_cache_hits_total{cache_layer=\"semantic\"} 2");
  Expect("semantic_cache_similarity_threshold{cache_layer=\"semantic\"} 0.5");
}

TEST_F(LayerKitsTest, PredictiveRatesComeFromCountersOverTheWindow) {
  PredictiveCacheKit kit(registry_, "predictive", kKit);
  Expect("predictive_cache_prediction_accuracy{cache_layer=\"predictive\"} NaN");
  for (int i = 0; i < 8; ++i) kit.RecordPredictionOutcome(i % 4 != 0);
  kit.RecordPrediction(0.5, 0.001);
  kit.RecordPrediction(1, 0.001);
  kit.RecordPrediction(0.123, 0.001, Outcome::kError);
  for (int i = 0; i < 7; ++i) kit.RecordLookup(true, 0.001);
  test_seconds = 1010;
  Expect("predictive_cache_prediction_accuracy{cache_layer=\"predictive\"} 0.75");
  Expect("predictive_cache_prediction_confidence{cache_layer=\"predictive\"} 0.75");
  Expect("predictive_cache_throughput_requests_per_second{cache_layer=\"predictive\"} 1");
  Expect("predictive_cache_error_rate{cache_layer=\"predictive\"} 0.1");
  Expect("cache_system_error_rate{cache_layer=\"predictive\"} 0.1");
  Expect("cache_system_throughput_requests_per_second{cache_layer=\"predictive\"} 1");
}

TEST_F(LayerKitsTest, PredictiveFoldsNamesBeyondTheBound) {
  PredictiveCacheKit kit(registry_, "predictive", kKit);
  for (const char* model : {"a", "b", "c", "d"}) kit.RecordModelUpdate(model, 1, 2);
  Expect("predictive_cache_model_update_seconds_count{cache_layer=\"predictive\",model_name=\"a\"} 1");
  Expect("predictive_cache_model_update_seconds_count{cache_layer=\"predictive\",model_name=\"other\"} 2");
  Expect("cachescope_kits_values_folded_total{label=\"model_name\"} 2");
  EXPECT_THAT(Text(registry_), HasSubstr("predictive_cache_model_update_seconds{cache_layer=\"predictive\","
                                         "model_name=\"a\",quantile=\"0.99\"}"))
      << "a real summary";
  const auto updated = kit.layer();  // copies of a recorder write to the same series
  updated.RecordHits(5);
  Expect("cache_hits_total{cache_layer=\"predictive\"} 5");
}

TEST_F(LayerKitsTest, VectorIndexTypeIsALabel) {
  VectorCacheKit kit(registry_, {.index_type = "flat", .kit = kKit});
  Expect("vector_cache_index_type{cache_layer=\"vector\",index_type=\"flat\"} 1");
  kit.RecordSearch(Outcome::kSuccess, 0.9, 0.001);
  kit.SetIndexType("hnsw");
  kit.SetIndexSetting("metric", "cosine");
  kit.SetIndexSetting("metric", "l2");
  kit.SetIndexSetting("quantizer", "pq");
  kit.SetIndexSetting("third", "x");
  kit.RecordSearch(Outcome::kSuccess, 0.9, 0.001);
  Expect("vector_cache_index_type{cache_layer=\"vector\",index_type=\"hnsw\"} 1");
  EXPECT_THAT(Text(registry_), Not(HasSubstr("vector_cache_index_type{cache_layer=\"vector\",index_type=\"flat\"}")));
  Expect("vector_cache_index_settings{cache_layer=\"vector\",parameter=\"metric\",value=\"l2\"} 1");
  EXPECT_THAT(Text(registry_), Not(HasSubstr("value=\"cosine\"")));
  EXPECT_THAT(Text(registry_), Not(HasSubstr("third"))) << "bounded";
  Expect("vector_cache_search_latency_seconds_count{cache_layer=\"vector\",index_type=\"flat\"} 1");
  Expect("vector_cache_search_latency_seconds_count{cache_layer=\"vector\",index_type=\"hnsw\"} 1");
  kit.RecordAdd(Outcome::kSuccess, 1, 0.1);
  kit.RecordAdd(Outcome::kSuccess, 2, 0.1);
  Expect("vector_cache_batch_operations_total{cache_layer=\"vector\",operation_type=\"add\"} 1");
}

TEST_F(LayerKitsTest, GlobalSyncs) {
  GlobalCacheKit kit(registry_, "global", kKit);
  kit.RecordSync(Outcome::kSuccess, 1);
  Expect("global_cache_sync_frequency_seconds{cache_layer=\"global\"} 0");
  test_seconds = 1015;
  kit.RecordSync(Outcome::kFailed, 1);
  Expect("global_cache_sync_frequency_seconds{cache_layer=\"global\"} 15");
  Expect("global_cache_sync_success_rate{cache_layer=\"global\"} 0.5");
  kit.RecordSearch(Outcome::kSuccess, false, 0.9, 0.1);
  Expect("global_cache_knowledge_confidence_count{cache_layer=\"global\"} 0");
}

TEST_F(LayerKitsTest, DiaryLookupsCountAcrossLayers) {
  VectorDiaryKit kit(registry_, {.kit = kKit});
  kit.RecordSearch(Outcome::kSuccess, false, 0.1);
  kit.RecordSearch(Outcome::kFailed, true, 0.1);
  Expect("cache_misses_total{cache_layer=\"vector_diary\"} 1");
  Expect("cache_hits_total{cache_layer=\"vector_diary\"} 0");
  Expect("cache_requests_total{cache_layer=\"vector_diary\",status=\"failed\"} 1");
}

TEST_F(LayerKitsTest, TiersCountWhatEachWasAsked) {
  Registry layers({.self_metrics = false});
  TwoTierKit kit(registry_, {.cache_name = "queries", .l1_limit_bytes = 200, .layers = &layers, .kit = kKit});
  kit.RecordLookup(Answered::kL1, 0.001);
  kit.RecordLookup(Answered::kL2, 0.001, 0.01);
  kit.RecordLookup(Answered::kNobody, 0.001, 0.01);
  kit.RecordLookup(Answered::kL1, 0.001);
  const auto f = [&](const std::string& tier, int hits, int misses, const std::string& rate) {
    const std::string labels = "{cache_tier=\"" + tier + "\",cache_name=\"queries\"} ";
    Expect("cache_hits_total" + labels + std::to_string(hits));
    Expect("cache_misses_total" + labels + std::to_string(misses));
    Expect("cache_hit_rate" + labels + rate);
    Expect("cache_operations_total{operation_type=\"get\",cache_tier=\"" + tier + "\",cache_name=\"queries\"} " +
           std::to_string(hits + misses));
  };
  f("l1", 2, 2, "50");
  f("l2", 1, 1, "50");
  f("multi", 3, 1, "75");
  Expect("cache_operation_duration_seconds_sum{operation_type=\"get\",cache_tier=\"multi\"} 0.024");
  kit.tier(Tier::kL1).SetMemoryBytes(50);
  Expect("cache_memory_usage_percent{cache_tier=\"l1\",cache_name=\"queries\"} 25");
  EXPECT_THAT(Text(registry_), Not(HasSubstr("cache_memory_usage_percent{cache_tier=\"l2\""))) << "it has no limit";
  EXPECT_THAT(registry_.Errors(), IsEmpty());
  EXPECT_THAT(Text(layers), HasSubstr("cache_hits_total{cache_layer=\"queries\"} 3\n"));
}

TEST_F(LayerKitsTest, ALayerInTheWrongRegistryHarmsNobody) {
  const TwoTierKit tiers(registry_, {.kit = kKit});
  const LayerRecorder layer(registry_, "sessions", kKit);
  layer.RecordLookup(true, 0.001);
  layer.SetSizeBytes(5);
  EXPECT_EQ(registry_.Errors().size(), 2U) << "hits and misses have other labels here";
  Expect("cache_requests_total{cache_layer=\"sessions\",status=\"success\"} 1");
  Expect("cache_size_bytes{cache_layer=\"sessions\"} 5");
  EXPECT_THAT(Text(registry_), Not(HasSubstr("cache_hits_total{cache_layer=")));
}

TEST_F(LayerKitsTest, GaugesOutliveTheirKit) {
  {
    const PredictiveCacheKit kit(registry_, "predictive", kKit);
    kit.RecordPredictionOutcome(true);
  }
  Expect("predictive_cache_prediction_accuracy{cache_layer=\"predictive\"} 1");
}

TEST_F(LayerKitsTest, AKitMayOutliveItsRegistry) {
  auto registry = std::make_unique<Registry>();
  PredictiveCacheKit kit(*registry, "predictive", kKit);
  SemanticCacheKit semantic(*registry, {.kit = kKit});
  registry.reset();
  kit.RecordLookup(true, 0.1);
  kit.RecordEviction("late");
  kit.RecordModelUpdate("late", 1, 1);
  semantic.RecordEmbedding("late", 1, 1);
}

}  // namespace
}  // namespace cachescope::kits
