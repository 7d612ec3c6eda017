// Layers: the caches of an assistant, one kit each: a predictive one, a semantic one, vectors, knowledge shared by all
// nodes, and a diary. All feed their own families and those that cover every layer.
#pragma once

#include "cachescope/kits/global_cache.h"
#include "cachescope/kits/predictive_cache.h"
#include "cachescope/kits/semantic_cache.h"
#include "cachescope/kits/vector_cache.h"
#include "cachescope/kits/vector_diary.h"
#include "registries.h"
#include "traffic.h"

namespace every_kit {

class Layers {
 public:
  explicit Layers(Registries& registries);
  void Turn(Traffic& traffic);

 private:
  void UsePredictive(Traffic& traffic);
  void UseSemantic(Traffic& traffic);
  void UseVectors(Traffic& traffic);
  void UseGlobal(Traffic& traffic);
  void UseDiary(Traffic& traffic);

  cachescope::kits::PredictiveCacheKit predictive_;
  cachescope::kits::SemanticCacheKit semantic_;
  cachescope::kits::VectorCacheKit vectors_;
  cachescope::kits::GlobalCacheKit global_;
  cachescope::kits::VectorDiaryKit diary_;
};

}  // namespace every_kit
