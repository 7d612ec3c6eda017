// When a rule group is due. Waiting runs on the monotonic clock, sample times on the wall clock; a wall clock that
// jumps neither causes a burst of evaluations nor lets `for` run out.
//
// Sample times are multiples of the interval plus the group's offset, so that they are the same after a restart. Pure
// but for its state; not thread-safe.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace cachescope::rules {

// The times of one evaluation, in ms.
struct EvaluationTime {
  TimestampMs at = 0;      // wall clock: of samples, before the group's query offset
  TimestampMs steady = 0;  // as `at` would be had the wall clock never jumped: what `for` is measured with
};

class GroupTimer {
 public:
  // REQUIRES: interval > 0, 0 <= offset < interval.
  GroupTimer(DurationMs interval, DurationMs offset, TimestampMs wall, TimestampMs steady);

  // On the steady clock. An evaluation that is started before counts as due.
  TimestampMs due() const { return due_; }

  struct Tick {
    EvaluationTime time;
    std::uint64_t missed = 0;  // evaluations that were due before this one and are left out
    bool jumped = false;       // the wall clock moved by an interval or more since the last tick
  };
  // Takes the evaluation that is due and sets the timer to the next. REQUIRES: steady >= due().
  Tick Take(TimestampMs wall, TimestampMs steady);

 private:
  DurationMs interval_;
  TimestampMs slot_;     // wall time of the next evaluation
  TimestampMs due_;      // steady
  DurationMs skew_ = 0;  // what jumps added to the wall clock so far
};

}  // namespace cachescope::rules
