#include "cachescope/kits/two_tier_cache.h"

#include "cachescope/kits/window.h"

namespace cachescope::kits {

TierRecorder::TierRecorder(Registry& registry, Tier tier, double limit_bytes, const TwoTierOptions& options)
    : metrics_(registry),
      tier_(tier),
      limit_bytes_(limit_bytes),
      errors_(registry, "error_type", options.kit.max_values) {
  const std::string_view name = TierName(tier);
  const std::string& cache = options.cache_name;
  for (const Operation operation : {Operation::kGet, Operation::kSet, Operation::kDelete}) {
    const auto i = static_cast<std::size_t>(operation);
    operations_[i] = metrics_.operations.With(OperationName(operation), name, cache);
    durations_[i] = metrics_.operation_duration.With(OperationName(operation), name);
  }
  hits_ = metrics_.hits.With(name, cache);
  misses_ = metrics_.misses.With(name, cache);
  evictions_ = metrics_.evictions.With(name, cache);
  expirations_ = metrics_.expirations.With(name, cache);
  entries_ = metrics_.size_entries.With(name, cache);
  memory_ = metrics_.memory_usage.With(name, cache);
  if (limit_bytes_ > 0) memory_percent_ = metrics_.memory_usage_percent.With(name, cache);
  metrics_.hit_rate.Function(RatioOver(Ratio{{hits_}, {hits_, misses_}, 100}, options.kit), name, cache);
}

void TierRecorder::RecordError(std::string_view type) noexcept {
  errors_.For(type, [&](std::string_view text) { return metrics_.errors.With(text, TierName(tier_)); }).Increment();
}

TwoTierKit::TwoTierKit(Registry& registry, const TwoTierOptions& options)
    : tiers_{TierRecorder(registry, Tier::kL1, options.l1_limit_bytes, options),
             TierRecorder(registry, Tier::kL2, options.l2_limit_bytes, options),
             TierRecorder(registry, Tier::kMulti, options.l1_limit_bytes + options.l2_limit_bytes, options)},
      layer_(options.layers == nullptr ? LayerRecorder()
                                       : LayerRecorder(*options.layers, options.cache_name, options.kit)),
      pool_limit_(options.pool_limit) {
  const catalogue::TwoTierMetrics metrics(registry);
  connections_ = metrics.connections_active.With(options.cache_name);
  if (pool_limit_ > 0) pool_usage_ = metrics.pool_usage.With(options.cache_name);
}

}  // namespace cachescope::kits
