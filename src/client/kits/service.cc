#include "cachescope/kits/service.h"

#include "client/kits/host_files.h"

namespace cachescope::kits {

using catalogue::Family;
using catalogue::kTenantApiRows;

ServiceKit::ServiceKit(Registry& registry, TenantBounds& bounds)
    : set_(registry, bounds.options.max_series),
      info_(set_),
      errors_(set_),
      disk_free_(set_),
      disk_total_(set_),
      types_(registry, "error_type", bounds.options.max_kinds),
      codes_(registry, "error_code", bounds.options.max_kinds),
      error_handles_(bounds.options.max_series, types_, codes_, bounds.tenants) {
  connections_ = Family<kTenantApiRows, "active_connections">(set_).With();
  const Family<kTenantApiRows, "memory_usage_bytes"> memory(set_);
  used_ = memory.With("used");
  total_ = memory.With("total");
}

void ServiceKit::SetInfo(std::string_view version, std::string_view environment,
                         std::string_view build_date) const noexcept {
  info_.family().Set({version, environment, build_date});
}

void ServiceKit::RecordError(std::string_view error_type, std::string_view error_code,
                             std::string_view tenant_id) noexcept {
  const auto make = [&](std::string_view type, std::string_view code, std::string_view tenant) {
    return errors_.With(type, code, tenant);
  };
  error_handles_.For(make, error_type, error_code, tenant_id).Increment();
}

bool ServiceKit::SampleHost(std::initializer_list<std::string_view> mount_points) const noexcept {
  try {
    std::string text;
    client::MemoryUse memory;
    bool all = client::ReadHostFile("/proc/meminfo", &text) && client::ParseMemory(text, &memory);
    if (all) SetMemory(memory.total_bytes - memory.available_bytes, memory.total_bytes);
    for (const std::string_view mount_point : mount_points) {
      client::DiskUse disk;
      if (client::ReadDisk(std::string(mount_point), &disk)) {
        SetDisk(mount_point, disk.available_bytes, disk.total_bytes);
      } else {
        all = false;
      }
    }
    return all;
  } catch (...) {
    return false;
  }
}

}  // namespace cachescope::kits
