// Caches: caches of this program that are wrapped, so that everything about them is recorded without a line of their
// own: one in memory, two tiers in front of each other with their tenants, and statistics about all of them.
#pragma once

#include <string>

#include "cachescope/caches/instrumented_cache.h"
#include "cachescope/caches/lru_map.h"
#include "cachescope/caches/tiered_cache.h"
#include "cachescope/live_statistics.h"
#include "far_store.h"
#include "registries.h"
#include "traffic.h"

namespace every_kit {

class Caches {
 public:
  explicit Caches(Registries& registries);
  void Turn(Traffic& traffic);

  /// What the library makes of it all, for people.
  std::string Report() const;

 private:
  template <class Cache>
  using Timed = cachescope::caches::InstrumentedCache<Cache, cachescope::caches::EveryLatency<>>;
  using Memory = cachescope::caches::LruMap<std::string, std::string>;
  using L1 = Timed<Memory>;
  using L2 = Timed<FarStore>;
  using Both = cachescope::caches::TieredCache<L1, L2>;

  void UseSessions(Traffic& traffic);
  void UseUsers(Traffic& traffic);

  // One cache; a sample of its accesses goes to a buffer, for hot keys and miss ratio curves.
  cachescope::caches::AccessBuffer accesses_;
  const cachescope::caches::AccessSampler sampler_;
  cachescope::caches::InstrumentedCache<Memory, cachescope::caches::SampledLatency<8>,
                                        cachescope::caches::SampledAccess>
      sessions_;
  std::size_t sampled_ = 0;
  // Two tiers, and both as one.
  L1 near_;
  L2 far_;
  Timed<Both> users_;
  cachescope::caches::TenantRecorders tenants_;
  // Trends and advice about all of these.
  cachescope::LiveStatistics statistics_;
};

}  // namespace every_kit
