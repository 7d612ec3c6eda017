// LibraryCacheKit: what a cache library calls to feed the ten families of catalogue/library.h, and those about health
// and errors.
//
//   cachescope::Registry registry({.namespace_ = "myapp"});      // a namespace of its own: see catalogue/library.h
//   cachescope::kits::LibraryCacheKit kit(registry);
//   kit.RecordGet(found, seconds);
//   kit.RecordError(LibraryOperation::kGet, "connection", "ConnectionRefused");
//
// Rates are computed at scrape over KitOptions::window. Thread-safe; calls do not throw, lock or allocate, except at
// the first use of a kind of error. Making a kit may throw std::bad_alloc.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "cachescope/catalogue/library.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/options.h"

namespace cachescope::kits {

enum class LibraryOperation : std::uint8_t { kGet, kSet, kDelete, kInvalidate };
inline constexpr std::size_t kLibraryOperationCount = 4;
/// "get", "set", "delete", "invalidate".
constexpr std::string_view LibraryOperationName(LibraryOperation operation) noexcept {
  constexpr std::string_view kNames[] = {"get", "set", "delete", "invalidate"};
  return kNames[static_cast<std::size_t>(operation)];
}

class LibraryCacheKit {
 public:
  explicit LibraryCacheKit(Registry& registry, const KitOptions& options = {});

  void RecordGet(bool hit, double seconds) const noexcept {
    (hit ? get_hits_ : get_misses_).Increment();
    (hit ? hits_ : misses_).Increment();
    durations_[0].Record(seconds);
  }
  void RecordSet(double seconds) const noexcept {
    sets_.Increment();
    durations_[1].Record(seconds);
  }
  void RecordDelete(double seconds) const noexcept {
    deletes_.Increment();
    durations_[2].Record(seconds);
  }
  void RecordInvalidation(std::uint64_t entries, double seconds) const noexcept {
    invalidations_.Increment(entries);
    durations_[3].Record(seconds);
  }
  /// An operation that broke, recorded by this call alone.
  void RecordError(LibraryOperation operation, std::string_view error_type, std::string_view error_class) noexcept;
  void RecordHealthCheck(bool healthy, double seconds) const noexcept {
    health_.Set(healthy ? 1 : 0);
    check_duration_.Record(seconds);
  }
  /// A health check that broke, so that nothing is known; the cache counts as not healthy.
  void RecordHealthCheckError() const noexcept {
    health_.Set(0);
    check_errors_.Increment();
  }
  void SetSizeBytes(double bytes) const noexcept { size_.Set(bytes); }
  void SetKeys(double keys) const noexcept { keys_.Set(keys); }

 private:
  struct Broken {
    std::atomic<std::uint64_t> calls[kLibraryOperationCount] = {};
  };
  void Compute(const KitOptions& options) const;

  const catalogue::LibraryCacheMetrics metrics_;
  const catalogue::LibraryHealthMetrics health_metrics_;
  const Counter get_hits_, get_misses_, hits_, misses_, sets_, deletes_, invalidations_;
  Histogram durations_[kLibraryOperationCount];
  const Gauge size_, keys_, health_;
  const Histogram check_duration_;
  const Counter check_errors_;
  const std::shared_ptr<Broken> broken_;
  LabelBound operations_, types_, classes_;
  BoundedTable<Counter, 3> errors_;
};

}  // namespace cachescope::kits
