// VectorOperationsKit: what a multi-tenant API does with vectors, and how many vectors and data sets there are.
//
// Costs and guarantees as of SearchKit.
#pragma once

#include <cstdint>
#include <string_view>

#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/tenant_bounds.h"

namespace cachescope::kits {

/// The instruments of one operation on one tenant's data set.
struct VectorOperationRecorder {
  void Record(std::uint64_t vectors) const noexcept {
    operations.Increment();
    batch_size.Record(static_cast<double>(vectors));
  }

  Counter operations = {};
  Histogram batch_size = {};
};

class VectorOperationsKit {
 public:
  VectorOperationsKit(Registry& registry, TenantBounds& bounds);

  /// `operation`: "insert", "update", "delete", …; of `vectors` vectors at once.
  void RecordOperation(std::string_view operation, std::string_view dataset_id, std::string_view tenant_id,
                       std::uint64_t vectors) noexcept {
    For(operation, dataset_id, tenant_id).Record(vectors);
  }
  /// Valid as long as the kit.
  const VectorOperationRecorder& For(std::string_view operation, std::string_view dataset_id,
                                     std::string_view tenant_id) noexcept;

  void SetVectors(std::string_view dataset_id, std::string_view tenant_id, double vectors) noexcept;
  void SetDatasets(std::string_view tenant_id, double datasets) noexcept;

 private:
  const catalogue::FamilySet set_;
  const catalogue::Family<catalogue::kTenantApiRows, "vector_operations_total"> operations_;
  const catalogue::Family<catalogue::kTenantApiRows, "vector_batch_size"> batch_size_;
  const catalogue::Family<catalogue::kTenantApiRows, "vectors_total"> vectors_;
  const catalogue::Family<catalogue::kTenantApiRows, "datasets_total"> datasets_;
  LabelBound kinds_;
  BoundedTable<VectorOperationRecorder, 3> recorders_;
  BoundedTable<Gauge, 2> vector_gauges_;
  BoundedTable<Gauge, 1> dataset_gauges_;
};

}  // namespace cachescope::kits
