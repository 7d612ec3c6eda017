// ErrorTracker: which errors happen, in which operations, how often in the last while, and what the last one said.
//
//   cachescope::ErrorTracker errors({.registry = &registry});
//   errors.RecordError("lookup", "timeout", "no answer from 10.0.0.7 in 50 ms");
//   try { … } catch (...) { errors.RecordException("load"); throw; }
//
// Errors are told apart by operation and class; a class is a kind ("timeout", "std::bad_alloc"), never a message. Their
// number is bounded: further pairs count as ("other", "other"), further operations as "other", and `folded` says how
// often.
//
// Thread-safe. Recording takes some 50 ns, no lock and no allocation once the pair is known, and never throws; a pair
// takes about 1 KiB. Report() may throw std::bad_alloc. Times are the caller's to give, in any order; the default is
// now. After fork() the child goes on with the parent's numbers; a pair it has never seen is safe only if no other
// thread recorded one for the first time during fork(). A tracker that threads may use during static destruction must
// not be destroyed: make it with new.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/registry.h"

namespace cachescope {

namespace client {
class ErrorTable;
}

struct ErrorTrackerOptions {
  /// Rates are over this long, exact to one sixtieth. 1 s to 1 day.
  std::chrono::milliseconds window = std::chrono::minutes(5);
  /// Pairs of operation and class. 1 to 4096.
  std::size_t max_errors = 200;
  /// 1 to 4096.
  std::size_t max_operations = 100;
  /// When not null, every error counts in operation_errors_total{operation,error_class} there, too. May be destroyed
  /// before the tracker.
  Registry* registry = nullptr;
};

/// Longest text kept, cut at a character boundary.
inline constexpr std::size_t kMaxErrorNameBytes = 128;
inline constexpr std::size_t kMaxErrorMessageBytes = 256;

struct ErrorRate {
  std::string operation = {};
  std::string error_class = {};
  /// Since the start.
  std::uint64_t total = 0;
  std::uint64_t in_window = 0;
  /// in_window over the window's length; see ErrorReport::window_seconds.
  double per_second = 0;
  std::string last_message = {};
  double seconds_since_last = 0;
};

struct OperationErrors {
  std::string operation = {};
  /// In the window.
  std::uint64_t errors = 0;
  std::uint64_t successes = 0;
  double errors_per_second = 0;
  /// errors / (errors + successes), 0 to 1. NaN when nothing happened in the window.
  double error_ratio = 0;
};

struct ErrorReport {
  /// The window, or the time since the first record if that is shorter, but at least a sixtieth of the window.
  double window_seconds = 0;
  /// Since the start.
  std::uint64_t total = 0;
  std::uint64_t in_window = 0;
  /// Records folded because of a bound.
  std::uint64_t folded = 0;
  /// Most in the window first.
  std::vector<ErrorRate> errors = {};
  /// Most errors first.
  std::vector<OperationErrors> operations = {};
};

class ErrorTracker {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit ErrorTracker(const ErrorTrackerOptions& options = {});
  ~ErrorTracker();
  ErrorTracker(const ErrorTracker&) = delete;
  ErrorTracker& operator=(const ErrorTracker&) = delete;

  void RecordError(std::string_view operation, std::string_view error_class, std::string_view message = {},
                   TimePoint at = std::chrono::steady_clock::now()) noexcept;
  /// Class and message of the exception being handled: its type's name and its what(). REQUIRES: called in a catch
  /// block. Allocates.
  void RecordException(std::string_view operation, TimePoint at = std::chrono::steady_clock::now()) noexcept;
  /// For error ratios; an operation whose successes nobody records has ratio 1.
  void RecordSuccess(std::string_view operation, TimePoint at = std::chrono::steady_clock::now()) noexcept;

  ErrorReport Report(TimePoint at = std::chrono::steady_clock::now()) const;

 private:
  const std::unique_ptr<client::ErrorTable> table_;
};

/// One JSON object with the fields above; NaN is null. Always valid UTF-8.
std::string Json(const ErrorReport& report);
/// Two tables.
std::string Text(const ErrorReport& report);

}  // namespace cachescope
