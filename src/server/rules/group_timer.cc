#include "server/rules/group_timer.h"

#include <algorithm>

namespace cachescope::rules {
namespace {

std::int64_t FloorDivide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

GroupTimer::GroupTimer(DurationMs interval, DurationMs offset, TimestampMs wall, TimestampMs steady)
    : interval_(interval),
      slot_(FloorDivide(wall - offset + interval - 1, interval) * interval + offset),
      due_(steady + (slot_ - wall)) {}

GroupTimer::Tick GroupTimer::Take(TimestampMs wall, TimestampMs steady) {
  Tick out;
  const std::int64_t late = std::max<std::int64_t>(0, FloorDivide(steady - due_, interval_));
  const TimestampMs expected = slot_ + late * interval_;
  // Between two slots the wall clock may be off by less than an interval without anybody noticing: waiting is
  // measured from the slot, so the group falls back into its rhythm by itself.
  std::int64_t jump = FloorDivide(wall - expected, interval_);
  if (jump == -1) jump = 0;
  out.jumped = jump != 0;
  out.missed = static_cast<std::uint64_t>(late + std::max<std::int64_t>(0, jump));
  out.time.at = expected + jump * interval_;
  skew_ += jump * interval_;
  out.time.steady = out.time.at - skew_;
  slot_ = out.time.at + interval_;
  due_ = steady + (slot_ - wall);
  return out;
}

}  // namespace cachescope::rules
