#include "cachescope/kits/global_cache.h"

#include <limits>

#include "cachescope/kits/window.h"

namespace cachescope::kits {

GlobalCacheKit::GlobalCacheKit(Registry& registry, std::string_view layer, const KitOptions& options)
    : name_(layer),
      layer_(registry, name_, {Operation::kSearch, Operation::kUpdate, Operation::kSync, Operation::kValidate},
             options),
      metrics_(registry),
      searches_(metrics_.search_requests, name_),
      updates_(metrics_.update_requests, name_),
      syncs_(metrics_.sync_requests, name_),
      validations_(metrics_.validation_requests, name_),
      hits_(metrics_.hits.With(name_)),
      misses_(metrics_.misses.With(name_)),
      size_(metrics_.size.With(name_)),
      entries_(metrics_.knowledge_entries.With(name_)),
      sync_frequency_(metrics_.sync_frequency.With(name_)),
      confidence_(metrics_.knowledge_confidence.With(name_)),
      sync_latency_(metrics_.sync_latency.With(name_)),
      validation_latency_(metrics_.validation_latency.With(name_)),
      now_(options.now != nullptr ? options.now : &SteadySeconds),
      last_sync_(std::numeric_limits<double>::quiet_NaN()) {
  metrics_.sync_success_rate.Function(
      RatioOver(Ratio{{syncs_[Outcome::kSuccess]}, {syncs_.begin(), syncs_.end()}}, options), name_);
}

void GlobalCacheKit::RecordSync(Outcome outcome, double seconds) noexcept {
  syncs_.Increment(outcome);
  sync_latency_.Record(seconds);
  const double now = now_();
  const double before = last_sync_.exchange(now, std::memory_order_relaxed);
  if (now >= before) sync_frequency_.Set(now - before);
  layer_.RecordRequest(Operation::kSync, outcome, seconds);
}

}  // namespace cachescope::kits
