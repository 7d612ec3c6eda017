// TenantCacheKit: the caches of a multi-tenant API by type and tenant. The hit ratio is computed at scrape over
// KitOptions::window from the lookups.
//
// cache_operations_total has other labels in the two-tier families: keep these in another registry or a namespace.
// Costs and guarantees as of SearchKit.
#pragma once

#include <string_view>

#include "cachescope/catalogue/service.h"
#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/options.h"
#include "cachescope/kits/tenant_bounds.h"

namespace cachescope::kits {

class TenantCacheKit {
 public:
  TenantCacheKit(Registry& registry, TenantBounds& bounds, const KitOptions& options = {});

  /// A lookup: the operation "get". `cache_type`: "query", "embedding", "metadata", …
  void RecordLookup(std::string_view cache_type, std::string_view tenant_id, bool hit) noexcept;
  /// Any operation but "get".
  void RecordOperation(std::string_view operation, std::string_view cache_type, std::string_view tenant_id) noexcept;

 private:
  struct Lookups {
    Counter gets = {};
    Counter hits = {};
  };

  const KitOptions options_;
  const catalogue::FamilySet set_;
  const catalogue::Family<catalogue::kTenantApiRows, "cache_operations_total"> operations_;
  const catalogue::Family<catalogue::kTenantApiRows, "cache_hit_ratio"> hit_ratio_;
  const catalogue::Family<catalogue::kServiceRows, "cache_lookup_hits_total"> hits_;
  LabelBound kinds_;
  LabelBound types_;
  BoundedTable<Lookups, 2> lookups_;
  BoundedTable<Counter, 3> others_;
};

}  // namespace cachescope::kits
