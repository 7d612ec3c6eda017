// The kits of long jobs: index builds and backups.
#include "cachescope/kits/backup.h"
#include "cachescope/kits/index_build.h"

namespace cachescope::kits {

IndexKit::Build::Build(const Type& type, const Histogram& duration) noexcept
    : type_(&type), duration_(&duration), start_(SteadySeconds()) {
  type_->in_progress.Increment();
}

void IndexKit::Build::End(Outcome outcome) noexcept {
  if (type_ == nullptr) return;
  type_->in_progress.Decrement();
  type_->builds.Increment(outcome);
  if (outcome == Outcome::kSuccess) duration_->Record(SteadySeconds() - start_);
  type_ = nullptr;
}

IndexKit::IndexKit(Registry& registry, TenantBounds& bounds)
    : set_(registry, bounds.options.max_series),
      durations_(set_),
      in_progress_(set_),
      builds_(set_),
      types_(registry, "index_type", bounds.options.max_kinds),
      type_handles_(bounds.options.max_kinds + 1, types_),
      duration_handles_(bounds.options.max_series, types_, bounds.datasets, bounds.tenants) {}

const IndexKit::Type& IndexKit::TypeOf(std::string_view index_type) noexcept {
  const auto make = [&](std::string_view type) {
    return Type{in_progress_.With(type), OutcomeCounters(builds_, type)};
  };
  return type_handles_.For(make, index_type);
}

const Histogram& IndexKit::DurationOf(std::string_view index_type, std::string_view dataset_id,
                                      std::string_view tenant_id) noexcept {
  const auto make = [&](std::string_view type, std::string_view dataset, std::string_view tenant) {
    return durations_.With(type, dataset, tenant);
  };
  return duration_handles_.For(make, index_type, dataset_id, tenant_id);
}

void IndexKit::RecordBuild(std::string_view index_type, std::string_view dataset_id, std::string_view tenant_id,
                           Outcome outcome, double seconds) noexcept {
  TypeOf(index_type).builds.Increment(outcome);
  if (outcome == Outcome::kSuccess) DurationOf(index_type, dataset_id, tenant_id).Record(seconds);
}

BackupKit::BackupKit(Registry& registry, TenantBounds& bounds)
    : set_(registry, bounds.options.max_series),
      duration_(set_),
      total_(set_),
      last_success_(set_),
      size_(set_),
      types_(registry, "backup_type", bounds.options.max_kinds),
      totals_(bounds.options.max_kinds + 1, types_),
      backups_(bounds.options.max_series, types_, bounds.tenants) {}

void BackupKit::RecordBackup(std::string_view backup_type, std::string_view tenant_id, Outcome outcome, double seconds,
                             std::uint64_t bytes) noexcept {
  totals_.For([&](std::string_view type) { return OutcomeCounters(total_, type); }, backup_type).Increment(outcome);
  if (outcome != Outcome::kSuccess) return;
  const auto make = [&](std::string_view type, std::string_view tenant) {
    return Backup{duration_.With(type, tenant), last_success_.With(type, tenant), size_.With(type, tenant)};
  };
  const Backup& backup = backups_.For(make, backup_type, tenant_id);
  backup.duration.Record(seconds);
  backup.last_success.SetToCurrentTime();
  backup.size.Set(static_cast<double>(bytes));
}

}  // namespace cachescope::kits
