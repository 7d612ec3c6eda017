// RateLimitKit: the decisions of a rate limiter.
//
//   kit.RecordDecision(tenant, "requests_per_minute", allowed, remaining);
//
// Costs and guarantees as of SearchKit.
#pragma once

#include <string_view>

#include "cachescope/catalogue/service.h"
#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/tenant_bounds.h"

namespace cachescope::kits {

class RateLimitKit {
 public:
  RateLimitKit(Registry& registry, TenantBounds& bounds);

  /// A request was let through or turned away, after which `remaining` requests are still allowed.
  void RecordDecision(std::string_view tenant_id, std::string_view limit_type, bool allowed, double remaining) noexcept;

 private:
  struct Limit {
    Counter hits = {};
    Gauge remaining = {};
    Counter allowed = {};
    Counter denied = {};
  };

  const catalogue::FamilySet set_;
  const catalogue::Family<catalogue::kTenantApiRows, "rate_limit_hits_total"> hits_;
  const catalogue::Family<catalogue::kTenantApiRows, "rate_limit_remaining"> remaining_;
  const catalogue::Family<catalogue::kServiceRows, "rate_limit_decisions_total"> decisions_;
  LabelBound types_;
  BoundedTable<Limit, 2> limits_;
};

}  // namespace cachescope::kits
