// Sketch: reading it, and the steps of its window.
#include <algorithm>
#include <bit>
#include <tuple>

#include "client/cell_store.h"
#include "client/family_core.h"
#include "client/sketch/sketch.h"

namespace cachescope::client {

SketchReading Sketch::Read() {
  const std::lock_guard lock(SketchMutex());
  if (reset_due_ && SketchClockMs() - active().began_ms >= spec_->min_reset_ms) Reset();
  const Generation& generation = active();
  const BucketTable& table = *table_.load(std::memory_order_relaxed);
  SketchReading reading;
  reading.schema = kMaxSchema - table.steps.load(std::memory_order_relaxed);
  reading.zero_threshold = table.zero_threshold();
  reading.created_ms = generation.created_ms;

  std::vector<std::uint64_t> run(run_length());
  SumRuns({&generation.run, 1}, run_length(), run.data());
  reading.sum = std::bit_cast<double>(run[0]);
  reading.classic.assign(run.begin() + 1, run.begin() + 1 + classic_cells_);
  reading.nan_count = run.back();

  std::vector<std::uint64_t> counts(generation.cells.size());
  SumCells(generation.cells, counts.data());
  reading.zero_count = counts[0];
  reading.count = reading.nan_count;
  for (const std::uint64_t count : counts) reading.count += count;
  for (std::size_t i = 0; i < generation.buckets.size(); ++i) {
    const Bucket& bucket = generation.buckets[i];
    if (bucket.is_zero) {
      reading.zero_count += counts[i + 1];
    } else if (counts[i + 1] != 0) {
      reading.buckets.push_back({bucket.negative, bucket.index, counts[i + 1]});
    }
  }
  const auto place = [](const SketchReading::Bucket& b) { return std::tuple(!b.negative, b.index); };
  std::sort(reading.buckets.begin(), reading.buckets.end(),
            [&](const auto& a, const auto& b) { return place(a) < place(b); });
  // Buckets that were merged are several here.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < reading.buckets.size(); ++i) {
    if (kept > 0 && place(reading.buckets[kept - 1]) == place(reading.buckets[i])) {
      reading.buckets[kept - 1].count += reading.buckets[i].count;
    } else {
      reading.buckets[kept++] = reading.buckets[i];
    }
  }
  reading.buckets.resize(kept);
  return reading;
}

// REQUIRES: the lock of sketches is held. Does not allocate: AddBucket() has reserved.
void Sketch::Rotate(std::int64_t now) noexcept {
  const std::int64_t next = next_rotation_ms_.load(std::memory_order_relaxed);
  if (now < next) return;
  const Generation& generation = active();
  const std::int64_t steps = (now - next) / spec_->age_ms + 1;
  scratch_.resize(generation.cells.size());
  SumCells(generation.cells, scratch_.data());
  // Nothing was recorded since the first of several steps: the first value after it comes here.
  const auto count =
      static_cast<std::ptrdiff_t>(std::min<std::int64_t>(steps, static_cast<std::int64_t>(ages_.size())));
  std::rotate(ages_.begin(), ages_.begin() + count, ages_.end());
  for (auto age = ages_.end() - count; age != ages_.end(); ++age) age->assign(scratch_.begin(), scratch_.end());
  next_rotation_ms_.store(next + steps * spec_->age_ms, std::memory_order_relaxed);
}

QuantileSketch Sketch::Window() {
  const std::lock_guard lock(SketchMutex());
  if (!ages_.empty()) Rotate(SketchClockMs());
  const Generation& generation = active();
  QuantileSketch window(kMaxSchema - table_.load(std::memory_order_relaxed)->steps.load(std::memory_order_relaxed));
  std::vector<std::uint64_t> counts(generation.cells.size());
  SumCells(generation.cells, counts.data());
  // Cells that are newer than the oldest step had nothing then.
  const std::size_t known = ages_.empty() ? 0 : ages_.front().size();
  for (std::size_t i = 0; i < known; ++i) counts[i] -= ages_.front()[i];
  window.AddZero(counts[0]);
  for (std::size_t i = 0; i < generation.buckets.size(); ++i) {
    const Bucket& bucket = generation.buckets[i];
    if (bucket.is_zero) {
      window.AddZero(counts[i + 1]);
    } else {
      window.AddBucket(bucket.negative, bucket.index, counts[i + 1]);
    }
  }
  return window;
}

}  // namespace cachescope::client
