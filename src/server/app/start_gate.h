// StartGate stands in front of the HTTP API while the store reads its log: the server listens already, /-/healthy is
// answered, and everything else gets 503 with how far the reading is. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "server/http/server.h"
#include "server/storage/tsdb/db/replay.h"

namespace cachescope::app {

class StartGate {
 public:
  void Report(const tsdb::ReplayProgress& progress) noexcept {
    done_.store(progress.segments_done, std::memory_order_relaxed);
    total_.store(progress.segments, std::memory_order_relaxed);
  }
  // Lets requests through. What was written before is seen by their handlers.
  void Open() noexcept { open_.store(true, std::memory_order_release); }
  bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }
  // "reading the log: 3 of 12 segments".
  std::string Text() const;
  // To be used first, so that the others see what it refuses. The gate outlives the server.
  http::Server::Middleware Middleware();

 private:
  std::atomic<bool> open_{false};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace cachescope::app
