// TenantRecorders: operations on a cache by tenant.
//
//   cache_tenant_operations_total{operation_type,result,cache_name,tenant_id}      result: hit, miss, success, error
//   cache_tenant_lookups_folded_total{cache_name}                                  calls of For() beyond the bound
//
// Tenants come from users, so their number is bounded: the first `max_tenants` have series of their own, all later ones
// share the one called "other".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "cachescope/caches/outcome.h"
#include "cachescope/counter.h"
#include "cachescope/registry.h"

namespace cachescope::caches {

/// The counters of one tenant. Recording is one counter add.
class TenantRecorder {
 public:
  void RecordLookup(LookupOutcome outcome) const noexcept { lookups_[static_cast<std::size_t>(outcome)].Increment(); }
  void RecordOperation(CacheOperation operation, bool failed) const noexcept {
    writes_[static_cast<std::size_t>(operation)][failed ? 1 : 0].Increment();
  }

 private:
  friend class TenantRecorders;
  TenantRecorder(const CounterFamily& family, std::string_view cache_name, std::string_view tenant) noexcept;

  Counter lookups_[3];
  Counter writes_[kOperationCount][2];
};

struct TenantOptions {
  std::string cache_name = "default";
  std::size_t max_tenants = 100;
};

/// Thread-safe.
class TenantRecorders {
 public:
  explicit TenantRecorders(Registry& registry, const TenantOptions& options = {});
  TenantRecorders(const TenantRecorders&) = delete;
  TenantRecorders& operator=(const TenantRecorders&) = delete;

  /// The tenant's recorder, valid as long as this object. A known tenant costs a hash and a shared lock, some 30 ns;
  /// keep the result where a request knows its tenant. Without memory it is the one of "other".
  const TenantRecorder& For(std::string_view tenant) noexcept;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  const TenantOptions options_;
  const CounterFamily family_;
  const Counter folded_;
  const TenantRecorder other_;
  std::shared_mutex mu_;
  // Guarded by mu_; entries are never removed.
  std::unordered_map<std::string, std::unique_ptr<TenantRecorder>, Hash, std::equal_to<>> tenants_;
};

}  // namespace cachescope::caches
