// RegistryCore: the families and collectors behind a Registry, and the scrape. Thread-safe.
//
// A scrape runs collectors and gauge functions first, holding only collect_mu_, so they may use the registry; then it
// renders families under their own locks. Recording never waits for a scrape.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "cachescope/exposition.h"
#include "cachescope/registry.h"
#include "client/diagnostics.h"
#include "client/family_core.h"

namespace cachescope::client {

class RegistryCore {
 public:
  explicit RegistryCore(const RegistryOptions& options);
  ~RegistryCore();
  RegistryCore(const RegistryCore&) = delete;
  RegistryCore& operator=(const RegistryCore&) = delete;

  /// The family for these options, made if need be; null and counted if refused. `kind` has the type and what only
  /// families of that type have.
  detail::FamilyRef Register(const InstrumentOptions& options, FamilySpec kind) noexcept;

  std::uint64_t AddCollector(Registry::Collector collector);
  void RemoveCollector(std::uint64_t id);

  void AppendExposition(const ExpositionOptions& options, std::string* out);
  std::vector<FamilySnapshot> Collect();
  Diagnostics& diagnostics() const noexcept { return *diagnostics_; }
  const std::shared_ptr<Diagnostics>& shared_diagnostics() const noexcept { return diagnostics_; }
  const RegistryOptions& options() const noexcept { return options_; }

 private:
  using SharedCollector = std::shared_ptr<Registry::Collector>;

  FamilySpec MakeSpec(const InstrumentOptions& options, FamilySpec spec) const;
  detail::FamilyRef FindOrAdd(FamilySpec spec, std::string* cause);
  std::vector<FamilySnapshot> RunCollectors();
  void DropBadFamilies(std::vector<FamilySnapshot>* families);
  std::vector<detail::FamilyRef> Families() const;
  void AppendSelfMetrics(const std::vector<detail::FamilyRef>& families, std::vector<FamilySnapshot>* out) const;
  void Refuse(const std::string& message) noexcept;

  // Constant after construction.
  RegistryOptions options_;
  const std::shared_ptr<Diagnostics> diagnostics_ = std::make_shared<Diagnostics>();

  // Lock order: collect_mu_, mu_, then a family's locks.
  std::recursive_mutex collect_mu_;  // held while collectors and gauge functions run
  std::map<std::uint64_t, SharedCollector> collectors_;
  std::uint64_t next_collector_ = 1;
  std::array<std::size_t, 3> last_page_bytes_{};  // by format
  mutable std::shared_mutex mu_;
  std::map<std::string, detail::FamilyRef> families_;
  std::set<std::string, std::less<>> sample_names_;  // what the families' lines are called: x, x_bucket, x_sum, x_count
};

}  // namespace cachescope::client
