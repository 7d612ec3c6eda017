// ErrorTable: what an ErrorTracker keeps. Counts are atomics; the last message of a pair has a flag of its own, and a
// thread that finds it taken leaves the message to the other: of two errors at one moment either may be the last.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cachescope/error_tracker.h"
#include "client/profile/bounded_table.h"
#include "client/profile/window_counter.h"

namespace cachescope::client {

class ErrorEntry {
 public:
  ErrorEntry(std::string_view operation, std::string_view error_class, const Counter& mirror)
      : operation_(operation), error_class_(error_class), mirror_(mirror) {}

  void Add(std::uint64_t slot, std::uint64_t at, std::string_view message) noexcept;
  /// Without per_second. `at` in nanoseconds.
  ErrorRate Read(std::uint64_t slot, std::uint64_t at) const;

  const std::string& first() const noexcept { return operation_; }
  const std::string& second() const noexcept { return error_class_; }

 private:
  // Constant after construction.
  const std::string operation_;
  const std::string error_class_;
  const Counter mirror_;
  // Own synchronisation.
  WindowCounter window_;
  std::atomic<std::uint64_t> total_{0};
  std::atomic<std::uint64_t> last_{0};
  mutable std::atomic<bool> message_taken_{false};
  // Guarded by message_taken_.
  std::uint32_t message_size_ = 0;
  char message_[kMaxErrorMessageBytes] = {};
};

struct OperationOutcomes {
  explicit OperationOutcomes(std::string_view name) : operation(name) {}
  const std::string& first() const noexcept { return operation; }
  std::string_view second() const noexcept { return {}; }

  const std::string operation;
  WindowCounter errors;
  WindowCounter successes;
};

class ErrorTable {
 public:
  explicit ErrorTable(const ErrorTrackerOptions& options);

  void AddError(std::string_view operation, std::string_view error_class, std::string_view message,
                std::uint64_t at) noexcept;
  void AddSuccess(std::string_view operation, std::uint64_t at) noexcept;
  ErrorReport Report(std::uint64_t at) const;

 private:
  std::uint64_t Slot(std::uint64_t at) const noexcept { return at / slot_nanoseconds_; }
  void NoteFirst(std::uint64_t at) noexcept;
  OperationOutcomes& FindOperation(std::string_view operation) noexcept;
  Counter Mirror(std::string_view operation, std::string_view error_class) const noexcept;
  void AppendOperations(std::uint64_t slot, ErrorReport* report) const;

  // Constant after construction.
  const std::uint64_t slot_nanoseconds_;
  CounterFamily mirror_;
  // Own synchronisation.
  BoundedTable<ErrorEntry> errors_;
  BoundedTable<OperationOutcomes> operations_;
  ErrorEntry other_error_;
  OperationOutcomes other_operation_;
  std::atomic<std::uint64_t> first_{UINT64_MAX};
  std::atomic<std::uint64_t> folded_{0};
};

}  // namespace cachescope::client
