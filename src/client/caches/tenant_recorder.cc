#include "cachescope/caches/tenant_recorder.h"

#include <mutex>

namespace cachescope::caches {
namespace {

constexpr std::string_view kOther = "other";

}  // namespace

TenantRecorder::TenantRecorder(const CounterFamily& family, std::string_view cache_name,
                               std::string_view tenant) noexcept {
  const std::string_view results[3] = {"hit", "miss", "error"};
  for (std::size_t i = 0; i < 3; ++i) {
    lookups_[i] = family.With({OperationName(CacheOperation::kGet), results[i], cache_name, tenant});
  }
  for (const CacheOperation operation : {CacheOperation::kSet, CacheOperation::kDelete}) {
    Counter* writes = writes_[static_cast<std::size_t>(operation)];
    writes[0] = family.With({OperationName(operation), "success", cache_name, tenant});
    writes[1] = family.With({OperationName(operation), "error", cache_name, tenant});
  }
}

TenantRecorders::TenantRecorders(Registry& registry, const TenantOptions& options)
    : options_(options),
      family_(registry.Counter({.name = "cache_tenant_operations_total",
                                .help = "Operations on the cache by tenant.",
                                .labels = {"operation_type", "result", "cache_name", "tenant_id"},
                                .max_series = (options.max_tenants + 1) * 7 * 64})),
      folded_(registry
                  .Counter({.name = "cache_tenant_lookups_folded_total",
                            .help = "Tenants looked up beyond the bound and counted as \"other\".",
                            .labels = {"cache_name"}})
                  .With({options.cache_name})),
      other_(family_, options.cache_name, kOther) {}

const TenantRecorder& TenantRecorders::For(std::string_view tenant) noexcept {
  try {
    {
      const std::shared_lock lock(mu_);
      if (const auto found = tenants_.find(tenant); found != tenants_.end()) return *found->second;
      if (tenants_.size() >= options_.max_tenants) {
        folded_.Increment();
        return other_;
      }
    }
    const std::lock_guard lock(mu_);
    if (const auto found = tenants_.find(tenant); found != tenants_.end()) return *found->second;
    if (tenants_.size() < options_.max_tenants) {
      auto made = std::unique_ptr<TenantRecorder>(new TenantRecorder(family_, options_.cache_name, tenant));
      return *tenants_.emplace(std::string(tenant), std::move(made)).first->second;
    }
  } catch (...) {
  }
  folded_.Increment();
  return other_;
}

}  // namespace cachescope::caches
