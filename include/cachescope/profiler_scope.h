// The hot path of the profiler: a handle to one operation, and the scope that measures it. See profiler.h.
//
// A scope costs some 15 ns besides its two clock reads (bench/client/README.md): it takes a slot of the calling thread,
// so that others see the operation while it runs, and adds to cells of the calling thread when it ends. No lock, no
// locked instruction, no allocation. The first scope of a thread maps one page of slots, and the first of an operation
// in a thread one page of cells.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include "cachescope/detail/cell.h"
#include "cachescope/profiler_cells.h"

namespace cachescope {

namespace client {
class ProfilerCore;
}

/// Measures from its construction to Stop() or its destruction. Made by ProfiledOperation or Profiler; must end before
/// both of them have. Movable, also to another thread, but used by one thread at a time.
class [[nodiscard]] ProfileScope {
 public:
  /// Measures nothing.
  ProfileScope() noexcept = default;
  explicit ProfileScope(detail::OperationCells* operation) noexcept : operation_(operation) {
    if (operation_ == nullptr) return;
    exceptions_ = std::uncaught_exceptions();
    start_ = detail::SteadyNanoseconds();
    slot_ = detail::TakeSlot(operation_, start_);
    if (slot_ != nullptr) word_ = slot_->word.load(std::memory_order_relaxed);
  }
  ProfileScope(ProfileScope&& other) noexcept
      : operation_(std::exchange(other.operation_, nullptr)),
        slot_(other.slot_),
        word_(other.word_),
        start_(other.start_),
        exceptions_(other.exceptions_),
        failed_(other.failed_) {}
  ProfileScope& operator=(ProfileScope&& other) noexcept {
    Stop();
    operation_ = std::exchange(other.operation_, nullptr);
    slot_ = other.slot_;
    word_ = other.word_;
    start_ = other.start_;
    exceptions_ = other.exceptions_;
    failed_ = other.failed_;
    return *this;
  }
  ~ProfileScope() { Stop(); }

  /// The operation counts as failed. So it does when the scope ends because of an exception; a coroutine that catches
  /// one elsewhere says it here.
  void Fail() noexcept { failed_ = true; }

  /// Ends the measurement; later calls do nothing.
  void Stop() noexcept {
    if (operation_ == nullptr) return;
    const std::uint64_t end = detail::SteadyNanoseconds();
    const bool failed = failed_ || std::uncaught_exceptions() > exceptions_;
    detail::RecordOperation(*operation_, end > start_ ? end - start_ : 0, failed);
    detail::GiveSlotBack(slot_, word_, operation_);
    operation_ = nullptr;
  }

 private:
  detail::OperationCells* operation_ = nullptr;  // owned by the profiler's core
  detail::ActiveSlot* slot_ = nullptr;           // null if the thread had no slot left
  std::uint64_t word_ = 0;
  std::uint64_t start_ = 0;
  int exceptions_ = 0;
  bool failed_ = false;
};

/// A handle to one operation: small, copyable, may outlive its profiler. A null handle accepts everything and keeps
/// nothing. Any number of threads may use one.
class ProfiledOperation {
 public:
  ProfiledOperation() noexcept = default;
  ProfiledOperation(std::shared_ptr<client::ProfilerCore> core, detail::OperationCells* cells) noexcept
      : core_(std::move(core)), cells_(cells) {}

  ProfileScope Measure() const noexcept { return ProfileScope(cells_); }

  /// Counts a time measured elsewhere, about 5 ns. A negative one counts as 0.
  void Record(std::chrono::nanoseconds duration, bool success = true) const noexcept {
    if (cells_ == nullptr) return;
    detail::RecordOperation(*cells_, static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)), !success);
  }

  /// False for a null handle.
  explicit operator bool() const noexcept { return cells_ != nullptr; }
  /// For the library's own parts.
  detail::OperationCells* cells() const noexcept { return cells_; }

 private:
  std::shared_ptr<client::ProfilerCore> core_;
  detail::OperationCells* cells_ = nullptr;
};

}  // namespace cachescope
