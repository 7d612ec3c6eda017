// ExportLoop: the thread behind StartExport(). Shared by the handle and the thread, so that a thread that does not come
// back in time can be left alone.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "cachescope/export/periodic_export.h"
#include "client/export/export_counters.h"

namespace cachescope::client {

class RegistryCore;

class ExportLoop {
 public:
  using Time = std::chrono::steady_clock::time_point;

  ExportLoop(std::shared_ptr<RegistryCore> registry, std::unique_ptr<Exporter> exporter,
             const PeriodicExportOptions& options);
  ExportLoop(const ExportLoop&) = delete;
  ExportLoop& operator=(const ExportLoop&) = delete;

  /// Starts the thread of `loop`. May throw std::system_error.
  static void Start(const std::shared_ptr<ExportLoop>& loop);

  bool Flush(std::chrono::milliseconds timeout);
  bool Stop(std::chrono::milliseconds timeout);
  bool running() const;
  ExportStatus status() const;
  std::chrono::milliseconds stop_timeout() const noexcept { return options_.stop_timeout; }
  /// True in a child made by fork(): the thread is not there, and locks may be held for good.
  bool forked() const noexcept;

 private:
  void Run() noexcept;
  void Begin() noexcept;
  bool WaitForTurn(Time next);
  bool Round(bool remember) noexcept;
  void Add(ExportTally tally) noexcept;

  // Constant after construction.
  const std::shared_ptr<RegistryCore> registry_;
  const std::unique_ptr<Exporter> exporter_;
  const PeriodicExportOptions options_;
  const pid_t pid_;

  // Of the thread alone.
  std::shared_ptr<ExportCounters> counters_;

  ExportDeadline deadline_;  // of the round under way

  mutable std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  bool stopping_ = false;
  bool finished_ = false;
  bool last_delivered_ = false;
  Time stop_at_{};
  std::uint64_t flushes_asked_ = 0;
  std::uint64_t flushes_done_ = 0;
  ExportStatus status_;
  std::thread thread_;
};

}  // namespace cachescope::client
