// BackupKit: backups by type and tenant: how long, how big, how they ended, when one last succeeded.
//
// backup_duration_seconds has the backups that succeeded; a rule on its count alone stays silent while there never was
// one, so alert on backup_last_success_timestamp_seconds and its absence.
// Costs and guarantees as of IndexKit.
#pragma once

#include <cstdint>
#include <string_view>

#include "cachescope/catalogue/service.h"
#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/outcome_counters.h"
#include "cachescope/kits/tenant_bounds.h"

namespace cachescope::kits {

class BackupKit {
 public:
  BackupKit(Registry& registry, TenantBounds& bounds);

  /// A backup that has just ended. `backup_type`: "full", "incremental", …
  void RecordBackup(std::string_view backup_type, std::string_view tenant_id, Outcome outcome, double seconds,
                    std::uint64_t bytes) noexcept;

 private:
  struct Backup {
    Histogram duration = {};
    Gauge last_success = {};
    Gauge size = {};
  };

  const catalogue::FamilySet set_;
  const catalogue::Family<catalogue::kTenantApiRows, "backup_duration_seconds"> duration_;
  const catalogue::Family<catalogue::kServiceRows, "backups_total"> total_;
  const catalogue::Family<catalogue::kServiceRows, "backup_last_success_timestamp_seconds"> last_success_;
  const catalogue::Family<catalogue::kServiceRows, "backup_size_bytes"> size_;
  LabelBound types_;
  BoundedTable<OutcomeCounters, 1> totals_;
  BoundedTable<Backup, 2> backups_;
};

}  // namespace cachescope::kits
