// OperationTracker: one call for what APM agents do around an operation: measure it, list it while it runs, count its
// success, and keep the kind and message of its error. Joins a Profiler and an ErrorTracker, which may be used
// directly, too.
//
//   cachescope::Profiler profiler;
//   cachescope::ErrorTracker errors;
//   cachescope::OperationTracker tracker(profiler, errors);
//   auto rows = tracker.Track("search", [&] { return index.Search(query); });   // what it throws passes through
//   const auto id = tracker.Start("rebuild");                                    // ends in a callback, anywhere
//   tracker.Fail(id, "disk", "no space left");
//   std::puts(cachescope::Text(tracker.Summary()).c_str());
//
// Thread-safe; the profiler and the error tracker must outlive it. Cost: that of a scope by name and of
// RecordSuccess(). Fork and static destruction: as of its two parts.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "cachescope/error_tracker.h"
#include "cachescope/profiler.h"

namespace cachescope {

struct OperationSummary {
  ProfileReport profile = {};
  ErrorReport errors = {};
};

class OperationTracker {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  OperationTracker(Profiler& profiler, ErrorTracker& errors) noexcept : profiler_(profiler), errors_(errors) {}

  /// Runs `function` and gives its result. An exception counts as a failure and goes on.
  template <class Function>
  decltype(auto) Track(std::string_view name, Function&& function) {
    Run run(*this, name);
    try {
      return std::invoke(std::forward<Function>(function));
    } catch (...) {
      run.Fail();
      throw;
    }
  }

  /// Starts an operation that Stop() or Fail() ends, from any thread; Profiler::Start says more.
  OperationId Start(std::string_view name, TimePoint at = std::chrono::steady_clock::now()) noexcept {
    return profiler_.Start(name, at);
  }
  /// False if the id is not active.
  bool Stop(OperationId id, TimePoint at = std::chrono::steady_clock::now()) noexcept;
  bool Fail(OperationId id, std::string_view error_class, std::string_view message = {},
            TimePoint at = std::chrono::steady_clock::now()) noexcept;

  OperationSummary Summary(TimePoint at = std::chrono::steady_clock::now()) const {
    return {profiler_.Report(at), errors_.Report(at)};
  }

 private:
  class Run {
   public:
    Run(OperationTracker& tracker, std::string_view name) noexcept
        : errors_(tracker.errors_), name_(name), scope_(tracker.profiler_.Measure(name)) {}
    ~Run() {
      scope_.Stop();  // before what follows takes its time
      if (!failed_) errors_.RecordSuccess(name_);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    void Fail() noexcept {
      failed_ = true;
      scope_.Fail();
      scope_.Stop();
      errors_.RecordException(name_);
    }

   private:
    ErrorTracker& errors_;
    const std::string_view name_;
    ProfileScope scope_;
    bool failed_ = false;
  };

  Profiler& profiler_;
  ErrorTracker& errors_;
};

/// {"profile": …, "errors": …} of the two reports.
std::string Json(const OperationSummary& summary);
std::string Text(const OperationSummary& summary);

}  // namespace cachescope
