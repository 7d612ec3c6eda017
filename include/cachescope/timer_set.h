// TimerSet: timers by id, for work that begins in one place and ends in another, on any threads.
//
//   cachescope::TimerSet timers(registry);
//   const cachescope::TimerId id = timers.Start();      // pass it along with the request
//   timers.Stop(id, latency);                           // latency.With({endpoint, status}): known only now
//
// Thread-safe without locks; Start and Stop cost some 40 ns each, most of it for the clock, and do not allocate. At
// most max_running timers run at once. When all are taken, those older than max_age are given up first; if there are
// none, Start gives a null id. Both, and stopping an id that is not running (stopped, given up, null), count in
// cachescope_client_timers_dropped_total.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "cachescope/registry.h"

namespace cachescope {

namespace client {
class TimerSlots;
}

struct TimerSetOptions {
  /// 1 to 1,000,000; 16 bytes each.
  std::size_t max_running = 10000;
  std::chrono::milliseconds max_age{3600000};
};

/// A running timer; null by default. Not valid in another set.
struct TimerId {
  std::uint64_t value = 0;
  explicit operator bool() const noexcept { return value != 0; }
  friend bool operator==(const TimerId&, const TimerId&) = default;
};

class TimerSet {
 public:
  /// Throws std::bad_alloc. May outlive the registry.
  explicit TimerSet(Registry& registry, const TimerSetOptions& options = {});
  ~TimerSet();
  TimerSet(const TimerSet&) = delete;
  TimerSet& operator=(const TimerSet&) = delete;

  TimerId Start() noexcept;
  /// The seconds since Start, and ends the timer; nothing if it is not running.
  std::optional<double> Stop(TimerId id) noexcept;
  /// As above, and records them in a histogram or summary.
  template <class Instrument>
  std::optional<double> Stop(TimerId id, const Instrument& instrument) noexcept {
    const std::optional<double> seconds = Stop(id);
    if (seconds) instrument.Record(*seconds);
    return seconds;
  }
  /// Ends the timer without a record; false if it is not running, which does not count.
  bool Cancel(TimerId id) noexcept;

  std::size_t running() const noexcept;

 private:
  std::unique_ptr<client::TimerSlots> slots_;
};

}  // namespace cachescope
