// The kits of a multi-tenant API but for HTTP: search, vector operations, rate limits, caches.
#include "cachescope/kits/rate_limit.h"
#include "cachescope/kits/search.h"
#include "cachescope/kits/tenant_cache.h"
#include "cachescope/kits/vector_operations.h"
#include "cachescope/kits/window.h"

namespace cachescope::kits {

SearchKit::SearchKit(Registry& registry, TenantBounds& bounds)
    : set_(registry, bounds.options.max_series),
      operations_(set_),
      latency_(set_),
      results_(set_),
      types_(registry, "search_type", bounds.options.max_kinds),
      recorders_(bounds.options.max_series, types_, bounds.datasets, bounds.tenants) {}

const SearchRecorder& SearchKit::For(std::string_view search_type, std::string_view dataset_id,
                                     std::string_view tenant_id) noexcept {
  const auto make = [&](std::string_view type, std::string_view dataset, std::string_view tenant) {
    return SearchRecorder{operations_.With(type, dataset, tenant), latency_.With(type, dataset, tenant),
                          results_.With(type)};
  };
  return recorders_.For(make, search_type, dataset_id, tenant_id);
}

VectorOperationsKit::VectorOperationsKit(Registry& registry, TenantBounds& bounds)
    : set_(registry, bounds.options.max_series),
      operations_(set_),
      batch_size_(set_),
      vectors_(set_),
      datasets_(set_),
      kinds_(registry, "operation", bounds.options.max_kinds),
      recorders_(bounds.options.max_series, kinds_, bounds.datasets, bounds.tenants),
      vector_gauges_(bounds.options.max_series, bounds.datasets, bounds.tenants),
      dataset_gauges_(bounds.options.max_tenants + 1, bounds.tenants) {}

const VectorOperationRecorder& VectorOperationsKit::For(std::string_view operation, std::string_view dataset_id,
                                                        std::string_view tenant_id) noexcept {
  const auto make = [&](std::string_view kind, std::string_view dataset, std::string_view tenant) {
    return VectorOperationRecorder{operations_.With(kind, dataset, tenant), batch_size_.With(kind, dataset, tenant)};
  };
  return recorders_.For(make, operation, dataset_id, tenant_id);
}

void VectorOperationsKit::SetVectors(std::string_view dataset_id, std::string_view tenant_id, double vectors) noexcept {
  const auto make = [&](std::string_view dataset, std::string_view tenant) { return vectors_.With(dataset, tenant); };
  vector_gauges_.For(make, dataset_id, tenant_id).Set(vectors);
}

void VectorOperationsKit::SetDatasets(std::string_view tenant_id, double datasets) noexcept {
  dataset_gauges_.For([&](std::string_view tenant) { return datasets_.With(tenant); }, tenant_id).Set(datasets);
}

RateLimitKit::RateLimitKit(Registry& registry, TenantBounds& bounds)
    : set_(registry, bounds.options.max_series),
      hits_(set_),
      remaining_(set_),
      decisions_(set_),
      types_(registry, "limit_type", bounds.options.max_kinds),
      limits_(bounds.options.max_series, bounds.tenants, types_) {}

void RateLimitKit::RecordDecision(std::string_view tenant_id, std::string_view limit_type, bool allowed,
                                  double remaining) noexcept {
  const auto make = [&](std::string_view tenant, std::string_view type) {
    return Limit{hits_.With(tenant, type), remaining_.With(tenant, type), decisions_.With(type, "allowed"),
                 decisions_.With(type, "denied")};
  };
  const Limit& limit = limits_.For(make, tenant_id, limit_type);
  (allowed ? limit.allowed : limit.denied).Increment();
  if (!allowed) limit.hits.Increment();
  limit.remaining.Set(remaining);
}

TenantCacheKit::TenantCacheKit(Registry& registry, TenantBounds& bounds, const KitOptions& options)
    : options_(options),
      set_(registry, bounds.options.max_series),
      operations_(set_),
      hit_ratio_(set_),
      hits_(set_),
      kinds_(registry, "operation", bounds.options.max_kinds),
      types_(registry, "cache_type", bounds.options.max_kinds),
      lookups_(bounds.options.max_series, types_, bounds.tenants),
      others_(bounds.options.max_series, kinds_, types_, bounds.tenants) {}

void TenantCacheKit::RecordLookup(std::string_view cache_type, std::string_view tenant_id, bool hit) noexcept {
  const auto make = [&](std::string_view type, std::string_view tenant) {
    const Lookups made{operations_.With("get", type, tenant), hits_.With(type, tenant)};
    hit_ratio_.Function(RatioOver(Ratio{{made.hits}, {made.gets}}, options_), type, tenant);
    return made;
  };
  const Lookups& lookups = lookups_.For(make, cache_type, tenant_id);
  lookups.gets.Increment();
  if (hit) lookups.hits.Increment();
}

void TenantCacheKit::RecordOperation(std::string_view operation, std::string_view cache_type,
                                     std::string_view tenant_id) noexcept {
  const auto make = [&](std::string_view kind, std::string_view type, std::string_view tenant) {
    return operations_.With(kind, type, tenant);
  };
  others_.For(make, operation, cache_type, tenant_id).Increment();
}

}  // namespace cachescope::kits
