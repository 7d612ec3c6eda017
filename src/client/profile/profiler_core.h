// ProfilerCore: the operations of one profiler. Shared by the profiler and its handles.
//
// Names are found without a lock in a table of fixed size, which is never more than half full and only grows. One lock
// makes new operations and serialises reports and resets.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/profiler.h"
#include "client/profile/started_table.h"

namespace cachescope::client {

struct Operation {
  Operation(std::string_view operation_name, std::size_t name_hash, std::uint32_t run)
      : name(operation_name), hash(name_hash) {
    cells.run = run;
    cells.name = name;
  }
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // Constant after construction.
  const std::string name;
  const std::size_t hash;
  // Own synchronisation, but for its run and name.
  detail::OperationCells cells;
  // Guarded by ProfilerCore::mu_: what the cells held at the last reset, empty before the first.
  std::vector<std::uint64_t> baseline;
};

class ProfilerCore {
 public:
  explicit ProfilerCore(const ProfilerOptions& options);

  /// Null only if there is no memory.
  detail::OperationCells* Find(std::string_view name) noexcept;
  OperationId Start(const detail::OperationCells* operation, std::uint64_t at) noexcept;
  /// The operation that was stopped; null if the id is not active.
  const detail::OperationCells* Stop(OperationId id, bool success, std::uint64_t at) noexcept;
  ProfileReport Report(std::uint64_t at) const;
  void Reset();

 private:
  detail::OperationCells* Lookup(std::string_view name, std::size_t hash) const noexcept;
  detail::OperationCells* Make(std::string_view name, std::size_t hash);
  Operation* Add(std::string_view name, std::size_t hash);
  /// Sorted by the address of their cells.
  std::vector<const Operation*> SortedOperations() const;
  void AppendActive(std::uint64_t at, ProfileReport* report, std::vector<std::uint64_t>* active) const;

  // Constant after construction.
  const std::size_t max_operations_;
  const std::size_t table_mask_;
  // Own synchronisation.
  const std::unique_ptr<std::atomic<Operation*>[]> table_;
  StartedTable started_;
  std::atomic<detail::OperationCells*> other_{nullptr};
  std::atomic<std::uint64_t> folded_{0};
  std::atomic<std::uint64_t> refused_{0};
  mutable std::mutex mu_;
  // Guarded by mu_.
  std::vector<std::unique_ptr<Operation>> operations_;
};

}  // namespace cachescope::client
