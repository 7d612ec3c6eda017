#include "client/caches/hit_rate_window.h"

namespace cachescope::client {

HitRateWindow::Counts HitRateWindow::Update(TimePoint now, Counts counts) {
  while (readings_.size() > 1 && now - readings_[1].time >= length_) readings_.pop_front();
  const Counts base = readings_.front().counts;
  if (now - readings_.back().time >= length_ / kSlots) readings_.push_back({now, counts});
  return {counts.hits - base.hits, counts.misses - base.misses};
}

}  // namespace cachescope::client
