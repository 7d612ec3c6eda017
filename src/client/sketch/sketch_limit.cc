// Sketch: what happens when a series has as many buckets as it may. The order is that of Prometheus' Go client: start
// anew, widen the zero bucket, halve the resolution.
#include <algorithm>
#include <limits>

#include "client/family_core.h"
#include "client/sketch/sketch.h"

namespace cachescope::client {

// Makes room for a bucket; false if there is no way. REQUIRES: the lock of sketches is held.
bool Sketch::Limit() noexcept {
  bool done = false;
  if (spec_->min_reset_ms > 0 && !reset_due_) {
    done = SketchClockMs() - active().began_ms >= spec_->min_reset_ms && Reset();
    reset_due_ = !done;
  }
  done = done || WidenZero() || Halve();
  if (done) family_->diagnostics().histogram_limits.fetch_add(1, std::memory_order_relaxed);
  return done;
}

bool Sketch::Reset() noexcept {
  try {
    if (!Start(&generations_[1 - active_])) return false;
  } catch (...) {
    return false;
  }
  active_ = 1 - active_;
  reset_due_ = false;
  return true;
}

// Lets the zero bucket grow over the bucket nearest to it, or the two at the same distance.
bool Sketch::WidenZero() noexcept {
  BucketTable* table = table_.load(std::memory_order_relaxed);
  if (table->zero_threshold() >= spec_->max_zero_threshold) return false;
  std::int32_t nearest = std::numeric_limits<std::int32_t>::max();
  for (const Bucket& bucket : active().buckets) {
    if (!bucket.is_zero) nearest = std::min(nearest, bucket.index);
  }
  const double threshold = UpperBound(nearest, kMaxSchema - table->steps.load(std::memory_order_relaxed));
  if (!(threshold <= spec_->max_zero_threshold)) return false;
  for (Bucket& bucket : active().buckets) {
    if (bucket.is_zero || bucket.index != nearest) continue;
    bucket.is_zero = true;
    if (!bucket.merged) --used_buckets_;
  }
  // In the table in use: its entries for these buckets are not asked for any more.
  table->set_zero_threshold(threshold);
  return true;
}

bool Sketch::Halve() noexcept {
  BucketTable* table = table_.load(std::memory_order_relaxed);
  const int steps = table->steps.load(std::memory_order_relaxed) + 1;
  if (kMaxSchema - steps < kMinSchema) return false;
  BucketTable* coarser = NewTable(&active(), table->capacity(), steps, table->zero_threshold());
  if (coarser == nullptr) return false;
  for (Bucket& bucket : active().buckets) bucket.index = CoarseIndex(bucket.index, 1);
  FillTable(coarser);
  table_.store(coarser, std::memory_order_release);
  return true;
}

}  // namespace cachescope::client
