// IndexKit: builds of indexes.
//
//   auto build = kit.Begin("hnsw", dataset_id, tenant_id);
//   …
//   build.End(Outcome::kSuccess);
//
// index_build_duration_seconds has the builds that succeeded; index_builds_total{status} has all.
// Thread-safe; calls do not throw, and do not lock or allocate but at the first use of a label value. Making a kit may
// throw std::bad_alloc.
#pragma once

#include <string_view>

#include "cachescope/catalogue/service.h"
#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/outcome_counters.h"
#include "cachescope/kits/tenant_bounds.h"

namespace cachescope::kits {

class IndexKit {
 private:
  struct Type {
    Gauge in_progress = {};
    OutcomeCounters builds = {};
  };

 public:
  /// A build that runs. Movable; ends once; if it goes away without End, it ended with kError.
  class Build {
   public:
    Build(Build&& other) noexcept : type_(other.type_), duration_(other.duration_), start_(other.start_) {
      other.type_ = nullptr;
    }
    Build& operator=(Build&&) = delete;
    ~Build() { End(Outcome::kError); }

    /// Nothing happens the second time.
    void End(Outcome outcome) noexcept;

   private:
    friend class IndexKit;
    Build(const Type& type, const Histogram& duration) noexcept;

    const Type* type_;
    const Histogram* duration_;
    double start_;
  };

  IndexKit(Registry& registry, TenantBounds& bounds);

  /// The build must not outlive the kit.
  Build Begin(std::string_view index_type, std::string_view dataset_id, std::string_view tenant_id) noexcept {
    return Build(TypeOf(index_type), DurationOf(index_type, dataset_id, tenant_id));
  }
  /// A build that is over, measured elsewhere.
  void RecordBuild(std::string_view index_type, std::string_view dataset_id, std::string_view tenant_id,
                   Outcome outcome, double seconds) noexcept;

 private:
  const Type& TypeOf(std::string_view index_type) noexcept;
  const Histogram& DurationOf(std::string_view index_type, std::string_view dataset_id,
                              std::string_view tenant_id) noexcept;

  const catalogue::FamilySet set_;
  const catalogue::Family<catalogue::kTenantApiRows, "index_build_duration_seconds"> durations_;
  const catalogue::Family<catalogue::kServiceRows, "index_builds_in_progress"> in_progress_;
  const catalogue::Family<catalogue::kServiceRows, "index_builds_total"> builds_;
  LabelBound types_;
  BoundedTable<Type, 1> type_handles_;
  BoundedTable<Histogram, 3> duration_handles_;
};

}  // namespace cachescope::kits
