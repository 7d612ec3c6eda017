// Profiler: how often operations run, how long they take, how many fail, and which run right now.
//
//   cachescope::Profiler profiler;
//   { auto scope = profiler.Measure("lookup"); … }                  // finds the operation by name each time
//   const auto lookup = profiler.Operation("lookup");               // once, for hot paths
//   { auto scope = lookup.Measure(); … }
//   std::puts(cachescope::Text(profiler.Report()).c_str());
//
// An exception that ends a scope marks the operation as failed; so does scope.Fail(). What starts here and ends there
// (a callback, another thread) is started and stopped by id.
//
// Cost: a scope by handle takes two clock reads and some 15 ns, by name some 15 ns more; Start and Stop together about
// as much as a scope by name. None of them takes a lock or allocates once the name is known. An operation takes 2 KiB
// and one page of 4 KiB in every thread that used it.
//
// Thread-safe. Measuring is noexcept; the functions that build texts and lists may throw std::bad_alloc. Safe before
// main() and during static destruction as long as the profiler lives: DefaultProfiler() is never destroyed. After
// fork() the child goes on measuring with its numbers starting at the parent's, and its list of active operations has
// only those of the forking thread and those started by id. New names and reports are safe in the child only if no
// other thread was doing either during fork().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "cachescope/profiler_report.h"
#include "cachescope/profiler_scope.h"
#include "cachescope/registry.h"

namespace cachescope {

struct ProfilerOptions {
  /// Names beyond this many are measured as one operation "other", and counted in ProfileReport::folded. 1 to 4096.
  std::size_t max_operations = 256;
  /// Operations that may be started by id and not stopped yet, at one time. 1 to 65,536; 32 bytes each.
  std::size_t max_started = 1024;
};

/// Names are cut at this many bytes, at a character boundary.
inline constexpr std::size_t kMaxOperationNameBytes = 128;

/// An operation started by id; 0 is none.
enum class OperationId : std::uint64_t { kNone = 0 };

class Profiler {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Profiler(const ProfilerOptions& options = {});
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// The operation of that name, made on first use (a lock, an allocation). Null only if there is no memory.
  ProfiledOperation Operation(std::string_view name) noexcept;
  ProfileScope Measure(std::string_view name) noexcept;

  /// Starts an operation that Stop() ends, from any thread. kNone if max_started are active: it is then not measured,
  /// and counted in ProfileReport::refused.
  OperationId Start(std::string_view name, TimePoint at = std::chrono::steady_clock::now()) noexcept;
  OperationId Start(const ProfiledOperation& operation, TimePoint at = std::chrono::steady_clock::now()) noexcept;
  /// False if the id is not active: stopped before, or never given by this profiler.
  bool Stop(OperationId id, bool success = true, TimePoint at = std::chrono::steady_clock::now()) noexcept;

  /// Everything since construction or Reset(). `at` gives the age of active operations. About 1 µs for each operation
  /// and thread.
  ProfileReport Report(TimePoint at = std::chrono::steady_clock::now()) const;
  /// Starts counting anew; active operations stay so and count when they end.
  void Reset();

  /// For the library's own parts.
  const std::shared_ptr<client::ProfilerCore>& core() const noexcept { return core_; }

 private:
  std::shared_ptr<client::ProfilerCore> core_;
};

/// A profiler for the whole process; created on first use and never destroyed.
Profiler& DefaultProfiler();

/// Exposes the profiler with each scrape, under names without the registry's namespace:
///   profiled_operation_duration_seconds{operation}   summary with quantiles 0.5, 0.95, 0.99 since the last Reset()
///   profiled_operation_failures_total{operation}
///   profiled_operation_active{operation}
/// Reset() makes the counters start at 0 again. The id is for Registry::RemoveCollector; the profiler may go first.
std::uint64_t AddProfileMetrics(Registry& registry, const Profiler& profiler);

}  // namespace cachescope
