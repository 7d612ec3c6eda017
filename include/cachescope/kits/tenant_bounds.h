// TenantBounds: the labels of a multi-tenant API whose values come from users, bounded once for all kits of a service.
#pragma once

#include <cstddef>

#include "cachescope/kits/label_bound.h"

namespace cachescope::kits {

struct TenantBoundsOptions {
  std::size_t max_tenants = 100;
  std::size_t max_datasets = 200;
  std::size_t max_endpoints = 100;
  /// Kinds of things: search types, operations, index types, error codes, …; each label has this bound.
  std::size_t max_kinds = 50;
  /// Label sets of one family; beyond, all labels of a set become "other".
  std::size_t max_series = 5000;
};

/// Values beyond a bound become "other", one label at a time, and are counted; no value is "unknown". Thread-safe.
/// Must outlive the kits that use it.
struct TenantBounds {
  explicit TenantBounds(Registry& registry, const TenantBoundsOptions& limits = {}) noexcept
      : options(limits),
        tenants(registry, "tenant_id", limits.max_tenants),
        datasets(registry, "dataset_id", limits.max_datasets),
        endpoints(registry, "endpoint", limits.max_endpoints) {}

  const TenantBoundsOptions options;
  LabelBound tenants;
  LabelBound datasets;
  LabelBound endpoints;
};

}  // namespace cachescope::kits
