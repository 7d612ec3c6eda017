// Time as an interface, so that rules, notifications and retention can be tested in milliseconds. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace cachescope {

// Milliseconds since the Unix epoch; may be negative.
using TimestampMs = std::int64_t;
// A span of time in milliseconds.
using DurationMs = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimestampMs NowMs() const = 0;

  // The machine's wall clock. Lives for ever.
  static const Clock& System();
};

// A clock that stands still until told otherwise.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(TimestampMs now = 0) : now_(now) {}
  TimestampMs NowMs() const override { return now_.load(std::memory_order_relaxed); }
  void SetMs(TimestampMs now) { now_.store(now, std::memory_order_relaxed); }
  void AdvanceMs(DurationMs by) { now_.fetch_add(by, std::memory_order_relaxed); }

 private:
  std::atomic<TimestampMs> now_;
};

}  // namespace cachescope
