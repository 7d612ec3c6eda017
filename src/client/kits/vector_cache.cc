#include "cachescope/kits/vector_cache.h"

namespace cachescope::kits {

VectorCacheKit::VectorCacheKit(Registry& registry, const VectorCacheOptions& options)
    : name_(options.layer),
      layer_(registry, name_, {Operation::kSearch, Operation::kAdd, Operation::kUpdate, Operation::kDelete},
             options.kit),
      metrics_(registry),
      searches_(metrics_.search_requests, name_),
      writes_{OutcomeCounters(metrics_.add_requests, name_), OutcomeCounters(metrics_.update_requests, name_),
              OutcomeCounters(metrics_.delete_requests, name_)},
      batches_{metrics_.batch_operations.With(name_, "add"), metrics_.batch_operations.With(name_, "update"),
               metrics_.batch_operations.With(name_, "delete"), metrics_.batch_operations.With(name_, "search")},
      hits_(metrics_.hits.With(name_)),
      misses_(metrics_.misses.With(name_)),
      size_(metrics_.size.With(name_)),
      dimensionality_(metrics_.dimensionality.With(name_)),
      similarity_(metrics_.similarity_score.With(name_, options.metric)),
      index_build_(metrics_.index_build.With(name_)),
      threshold_(options.similarity_threshold),
      latencies_(registry, "index_type", options.kit.max_values),
      parameters_(registry, "parameter", options.kit.max_values),
      max_settings_(options.kit.max_values) {
  SetDimensionality(options.dimensionality);
  SetIndexType(options.index_type);
}

void VectorCacheKit::RecordSearch(Outcome outcome, double similarity, double seconds) const noexcept {
  searches_.Increment(outcome);
  latency_.load(std::memory_order_acquire)->Record(seconds);
  if (outcome != Outcome::kSuccess) {
    layer_.RecordRequest(Operation::kSearch, outcome, seconds);
    return;
  }
  if (similarity == similarity) similarity_.Record(similarity);
  const bool hit = similarity >= threshold_.load(std::memory_order_relaxed);
  (hit ? hits_ : misses_).Increment();
  layer_.RecordLookup(hit, seconds, Operation::kSearch);
}

void VectorCacheKit::SetIndexType(std::string_view type) noexcept {
  latency_.store(
      &latencies_.For(type, [&](std::string_view text) { return metrics_.search_latency.With(name_, text); }),
      std::memory_order_release);
  try {
    const std::lock_guard lock(mu_);
    if (index_type_ == type) return;
    if (!index_type_.empty()) metrics_.index_type.Remove(name_, index_type_);
    index_type_ = type;
    metrics_.index_type.With(name_, index_type_).Set(1);
  } catch (...) {
    // No memory for the name: the old one stays.
  }
}

void VectorCacheKit::SetIndexParameter(std::string_view name, double value) noexcept {
  parameters_.For(name, [&](std::string_view text) { return metrics_.index_parameters.With(name_, text); }).Set(value);
}

void VectorCacheKit::SetIndexSetting(std::string_view name, std::string_view value) noexcept {
  try {
    const std::lock_guard lock(mu_);
    if (!settings_.contains(name) && settings_.size() >= max_settings_) return;
    std::string& current = settings_[std::string(name)];
    if (current == value) return;
    if (!current.empty()) metrics_.index_settings.Remove(name_, name, current);
    current = value;
    metrics_.index_settings.With(name_, name, current).Set(1);
  } catch (...) {
    // No memory for the setting: the old one stays.
  }
}

}  // namespace cachescope::kits
