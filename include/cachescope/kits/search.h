// SearchKit: the searches of a multi-tenant API: how many, how long, how many results.
//
// Thread-safe; calls do not throw, and do not lock or allocate but at the first use of a label value; some 80 ns. A
// recorder from For() costs some 8 ns a search. Making a kit may throw std::bad_alloc.
#pragma once

#include <cstdint>
#include <string_view>

#include "cachescope/catalogue/service.h"
#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/tenant_bounds.h"

namespace cachescope::kits {

/// The instruments of one type of search on one tenant's data set.
struct SearchRecorder {
  void Record(double seconds, std::uint64_t results_count) const noexcept {
    operations.Increment();
    latency.Record(seconds);
    results.Record(static_cast<double>(results_count));
  }

  Counter operations = {};
  Histogram latency = {};
  Histogram results = {};
};

class SearchKit {
 public:
  SearchKit(Registry& registry, TenantBounds& bounds);

  /// `search_type`: "vector", "text", "hybrid", …
  void RecordSearch(std::string_view search_type, std::string_view dataset_id, std::string_view tenant_id,
                    double seconds, std::uint64_t results) noexcept {
    For(search_type, dataset_id, tenant_id).Record(seconds, results);
  }
  /// Valid as long as the kit.
  const SearchRecorder& For(std::string_view search_type, std::string_view dataset_id,
                            std::string_view tenant_id) noexcept;

 private:
  const catalogue::FamilySet set_;
  const catalogue::Family<catalogue::kTenantApiRows, "search_operations_total"> operations_;
  const catalogue::Family<catalogue::kTenantApiRows, "search_latency_seconds"> latency_;
  const catalogue::Family<catalogue::kServiceRows, "search_results"> results_;
  LabelBound types_;
  BoundedTable<SearchRecorder, 3> recorders_;
};

}  // namespace cachescope::kits
