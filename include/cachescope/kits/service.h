// ServiceKit: what a multi-tenant API says of itself: what it is, its connections, memory, disks, and errors.
//
// Thread-safe; calls do not throw; RecordError does not lock or allocate but at the first use of a label value. Making
// a kit may throw std::bad_alloc.
#pragma once

#include <string_view>

#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/tenant_bounds.h"

namespace cachescope::kits {

class ServiceKit {
 public:
  ServiceKit(Registry& registry, TenantBounds& bounds);

  /// deeplake_api_info, replacing what was said before.
  void SetInfo(std::string_view version, std::string_view environment, std::string_view build_date) const noexcept;
  /// `error_type`: "validation", "vector", "storage", …
  void RecordError(std::string_view error_type, std::string_view error_code, std::string_view tenant_id) noexcept;
  /// Connections to the database in use.
  void SetActiveConnections(double connections) const noexcept { connections_.Set(connections); }
  void SetMemory(double used_bytes, double total_bytes) const noexcept {
    used_.Set(used_bytes);
    total_.Set(total_bytes);
  }
  void SetDisk(std::string_view mount_point, double free_bytes, double total_bytes) const noexcept {
    disk_free_.With(mount_point).Set(free_bytes);
    disk_total_.With(mount_point).Set(total_bytes);
  }
  /// Reads memory and the file system of each mount point from this host; false if anything could not be read.
  bool SampleHost(std::initializer_list<std::string_view> mount_points) const noexcept;

 private:
  const catalogue::FamilySet set_;
  const catalogue::Family<catalogue::kTenantApiRows, "deeplake_api_info"> info_;
  const catalogue::Family<catalogue::kTenantApiRows, "errors_total"> errors_;
  const catalogue::Family<catalogue::kTenantApiRows, "disk_free_bytes"> disk_free_;
  const catalogue::Family<catalogue::kTenantApiRows, "disk_total_bytes"> disk_total_;
  Gauge connections_, used_, total_;
  LabelBound types_;
  LabelBound codes_;
  BoundedTable<Counter, 3> error_handles_;
};

}  // namespace cachescope::kits
