#include "layers.h"

namespace every_kit {
namespace {

using cachescope::kits::Operation;
using cachescope::kits::Outcome;

// Most requests end well, some break, some give up.
Outcome OutcomeOf(Traffic& traffic) {
  if (traffic.Chance(0.9)) return Outcome::kSuccess;
  return traffic.Chance(0.5) ? Outcome::kError : Outcome::kFailed;
}

}  // namespace

Layers::Layers(Registries& registries)
    : predictive_(registries.layers, "predictive", kKitOptions),
      semantic_(registries.layers, {.similarity_threshold = 0.7, .kit = kKitOptions}),
      vectors_(registries.layers,
               {.dimensionality = 384, .metric = "cosine", .index_type = "flat", .kit = kKitOptions}),
      global_(registries.layers, "global", kKitOptions),
      diary_(registries.layers, {.importance_threshold = 0.3, .kit = kKitOptions}) {}

void Layers::Turn(Traffic& traffic) {
  UsePredictive(traffic);
  UseSemantic(traffic);
  UseVectors(traffic);
  UseGlobal(traffic);
  UseDiary(traffic);
}

void Layers::UsePredictive(Traffic& traffic) {
  for (int i = 0; i < 20; ++i) predictive_.RecordLookup(traffic.Chance(0.8), traffic.Seconds(2e-5));
  predictive_.RecordRequest(Operation::kSet, OutcomeOf(traffic), traffic.Seconds(5e-5));
  predictive_.RecordSizes(traffic.Between(100, 2000), traffic.Between(1000, 200000));
  predictive_.RecordEviction(traffic.Chance(0.7) ? "capacity" : "ttl");
  // What comes next? The model says, and later it turns out.
  predictive_.RecordPrediction(traffic.Between(0.5, 1), traffic.Seconds(0.002));
  predictive_.RecordPredictionOutcome(traffic.Chance(0.75));
  if (traffic.turn() == 1) predictive_.RecordModelLoad("next-key", 1.5, 1);
  if (traffic.turn() % 10 == 0) {
    const double version = 1 + traffic.turn() / 10;
    predictive_.RecordModelUpdate("next-key", traffic.Seconds(3), version);
    predictive_.RecordModelLoad("next-key", traffic.Seconds(0.5), version);
  }
  predictive_.SetSizeBytes(traffic.Between(1e6, 2e6));
  predictive_.SetMemoryBytes(traffic.Between(2e6, 3e6));
  predictive_.SetCpuPercent(traffic.Between(5, 60));
}

void Layers::UseSemantic(Traffic& traffic) {
  for (int i = 0; i < 5; ++i) {
    semantic_.RecordSearch(OutcomeOf(traffic), traffic.Between(0.3, 1), traffic.Seconds(0.003));
  }
  semantic_.RecordStore(OutcomeOf(traffic), traffic.Seconds(0.004));
  semantic_.RecordUpdate(OutcomeOf(traffic), traffic.Seconds(0.004));
  semantic_.RecordEmbedding("e5-small", static_cast<std::size_t>(1 + traffic.UpTo(64)), traffic.Seconds(0.1));
  if (traffic.turn() % 10 == 0) {
    semantic_.RecordIndexBuild(traffic.Seconds(8));
    semantic_.RecordIndexOptimization(traffic.Seconds(2));
    semantic_.SetSimilarityThreshold(traffic.Between(0.65, 0.8));  // tuned while it runs
  }
  semantic_.SetIndexSizeBytes(traffic.Between(4e5, 5e5));
  semantic_.SetSizeBytes(traffic.Between(3e6, 4e6));
}

void Layers::UseVectors(Traffic& traffic) {
  for (int i = 0; i < 5; ++i) {
    vectors_.RecordSearch(OutcomeOf(traffic), traffic.Between(0.4, 1), traffic.Seconds(0.002));
  }
  vectors_.RecordSearchBatch();
  vectors_.RecordAdd(OutcomeOf(traffic), 16, traffic.Seconds(0.02));
  vectors_.RecordUpdate(OutcomeOf(traffic), 2, traffic.Seconds(0.01));
  vectors_.RecordDelete(OutcomeOf(traffic), 2, traffic.Seconds(0.01));
  vectors_.SetSizeBytes(traffic.Between(8e6, 9e6));
  if (traffic.turn() % 10 != 1) return;
  // The index is built anew: another kind, other parameters, vectors of another model.
  const bool graph = traffic.turn() % 20 == 1;
  vectors_.SetIndexType(graph ? "hnsw" : "ivf");
  vectors_.SetIndexParameter(graph ? "ef_construction" : "lists", traffic.Between(64, 256));
  vectors_.SetIndexSetting("metric", graph ? "cosine" : "dot");
  vectors_.SetDimensionality(graph ? 384 : 768);
  vectors_.RecordIndexBuild(traffic.Seconds(20));
}

void Layers::UseGlobal(Traffic& traffic) {
  for (int i = 0; i < 3; ++i) {
    global_.RecordSearch(OutcomeOf(traffic), traffic.Chance(0.6), traffic.Between(0.5, 1), traffic.Seconds(0.01));
  }
  global_.RecordUpdate(OutcomeOf(traffic), traffic.Between(0.5, 1), traffic.Seconds(0.02));
  global_.RecordValidation(OutcomeOf(traffic), traffic.Seconds(0.03));
  // The time between syncs is one of the families, so they do not come like clockwork.
  if (traffic.Chance(0.3)) global_.RecordSync(OutcomeOf(traffic), traffic.Seconds(0.4));
  global_.SetKnowledgeEntries(5000 + traffic.turn());
  global_.SetSizeBytes(traffic.Between(5e6, 6e6));
}

void Layers::UseDiary(Traffic& traffic) {
  diary_.RecordAdd(OutcomeOf(traffic), traffic.Between(0, 1), traffic.Seconds(0.005));
  diary_.RecordSearch(OutcomeOf(traffic), traffic.Chance(0.5), traffic.Seconds(0.005));
  diary_.RecordUpdate(OutcomeOf(traffic), traffic.Seconds(0.005));
  diary_.RecordDelete(OutcomeOf(traffic), traffic.Seconds(0.005));
  diary_.RecordPatternAnalysis(OutcomeOf(traffic), traffic.Seconds(0.2));
  diary_.RecordPatterns("daily_peak", static_cast<std::uint64_t>(1 + traffic.UpTo(3)));
  diary_.RecordArchive(OutcomeOf(traffic), traffic.Seconds(0.3));
  diary_.SetEntries(1000 + traffic.turn());
  diary_.SetArchivedEntries(10000 + 3 * traffic.turn());
  diary_.SetImportanceThreshold(traffic.Between(0.25, 0.35));
  diary_.SetSizeBytes(traffic.Between(6e6, 7e6));
}

}  // namespace every_kit
