#include "client/sketch/sketch.h"

#include <time.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <new>
#include <utility>

#include "cachescope/histogram.h"
#include "client/cell_store.h"
#include "client/family_core.h"

namespace cachescope::client {
namespace {

constexpr std::uint32_t kFirstCapacity = 16;

constinit std::mutex sketch_mutex;
constinit std::atomic<std::int64_t> clock_advance_ms{0};
// Set while a thread is in the slow path: an instrument used by the allocator underneath must not come back there.
constinit thread_local bool in_slow_path = false;

std::int64_t WallMs() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

std::mutex& SketchMutex() noexcept { return sketch_mutex; }

void AdvanceSketchClockForTest(std::int64_t milliseconds) noexcept { clock_advance_ms.fetch_add(milliseconds); }

std::int64_t SketchClockMs() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000 + clock_advance_ms.load(std::memory_order_relaxed);
}

Sketch::Sketch(const FamilyCore* family) noexcept
    : family_(family),
      spec_(&family->spec().sketch),
      classic_cells_(family->spec().bounds.empty() ? 0 : static_cast<std::uint32_t>(family->spec().bounds.size() + 1)) {
}

Sketch* Sketch::New(const FamilyCore* family) noexcept {
  std::unique_ptr<Sketch> sketch(new (std::nothrow) Sketch(family));
  if (sketch == nullptr) return nullptr;
  try {
    sketch->ages_.resize(sketch->spec_->age_count);
    sketch->scratch_.reserve(1);
    for (std::vector<std::uint64_t>& age : sketch->ages_) age.reserve(1);
    if (!sketch->Start(&sketch->generations_[0])) return nullptr;
    if (sketch->spec_->age_ms > 0) {
      sketch->next_rotation_ms_.store(SketchClockMs() + sketch->spec_->age_ms, std::memory_order_relaxed);
    }
  } catch (...) {
    return nullptr;
  }
  return sketch.release();
}

Sketch::~Sketch() {
  for (Generation& generation : generations_) {
    if (generation.run == 0) continue;
    for (std::size_t i = 1; i < generation.cells.size(); ++i) FreeCells(generation.cells[i], 1);
    for (const std::uint32_t cell : generation.spare_cells) FreeCells(cell, 1);
    FreeCells(generation.run, run_length());
  }
}

// Makes a generation empty and publishes its table. False without memory or cells; nothing has happened then.
bool Sketch::Start(Generation* generation) {
  if (generation->run == 0) {
    generation->cells.reserve(1);
    const std::uint32_t run = AllocateCells(run_length(), true);
    if (run == 0) return false;
    generation->run = run;
    generation->cells.push_back(run + 1 + classic_cells_);
  }
  generation->spare_cells.reserve(generation->spare_cells.size() + generation->buckets.size());
  generation->tables_used = 0;
  BucketTable* table = NewTable(generation, kFirstCapacity, kMaxSchema - spec_->schema, spec_->zero_threshold);
  if (table == nullptr) return false;
  ZeroCells(generation->run, run_length());
  for (std::size_t i = 1; i < generation->cells.size(); ++i) {
    ZeroCells(generation->cells[i], 1);
    generation->spare_cells.push_back(generation->cells[i]);
  }
  generation->cells.resize(1);
  generation->buckets.clear();
  generation->created_ms = WallMs();
  generation->began_ms = SketchClockMs();
  used_buckets_ = 0;
  table_.store(table, std::memory_order_release);
  return true;
}

// A table that has not served since the generation began, or a new one; null without memory.
BucketTable* Sketch::NewTable(Generation* generation, std::uint32_t capacity, int steps,
                              double zero_threshold) noexcept {
  std::vector<BucketTable::Pointer>& tables = generation->tables;
  std::size_t at = generation->tables_used;
  while (at < tables.size() && tables[at]->capacity() < capacity) ++at;
  if (at == tables.size()) {
    try {
      tables.push_back(BucketTable::New(capacity));
    } catch (...) {
      return nullptr;
    }
    if (tables.back() == nullptr) {
      tables.pop_back();
      return nullptr;
    }
  }
  std::swap(tables[at], tables[generation->tables_used]);
  BucketTable* table = tables[generation->tables_used++].get();
  table->Clear();
  table->steps.store(steps, std::memory_order_relaxed);
  table->run.store(generation->run, std::memory_order_relaxed);
  table->set_zero_threshold(zero_threshold);
  return table;
}

// The cell for a value, 0 if its bucket has none yet.
std::uint32_t Sketch::CellOf(const BucketTable& table, double value) const noexcept {
  const double magnitude = std::fabs(value);
  const std::uint32_t zero_cell = table.run.load(std::memory_order_relaxed) + 1 + classic_cells_;
  if (std::isnan(value)) return zero_cell + 1;
  if (magnitude <= table.zero_threshold()) return zero_cell;
  const int steps = table.steps.load(std::memory_order_relaxed);
  const std::int32_t index =
      std::isinf(value) ? InfinityIndex(kMaxSchema - steps) : CoarseIndex(FineIndex(magnitude), steps);
  return table.Find(BucketKey(index, std::signbit(value)));
}

void Sketch::AddSum(std::uint32_t run, double value) const noexcept {
  if (classic_cells_ == 0) {
    detail::AddFloatCell(run, value);
  } else {
    detail::RecordRun(run, detail::FindBucket(family_->padded_bounds(), classic_cells_ - 1, value), value);
  }
}

void Sketch::Record(double value) noexcept {
  const BucketTable& table = *table_.load(std::memory_order_acquire);
  const double magnitude = std::fabs(value);
  if (magnitude > table.zero_threshold() && magnitude <= std::numeric_limits<double>::max()) [[likely]] {
    const std::int32_t index = CoarseIndex(FineIndex(magnitude), table.steps.load(std::memory_order_relaxed));
    const std::uint32_t cell = table.Find(BucketKey(index, std::signbit(value)));
    if (cell != 0) [[likely]] {
      AddSum(table.run.load(std::memory_order_relaxed), value);
      detail::AddCell(cell, 1);
      return;
    }
  } else if (magnitude <= table.zero_threshold()) {
    const std::uint32_t run = table.run.load(std::memory_order_relaxed);
    AddSum(run, value);
    detail::AddCell(run + 1 + classic_cells_, 1);
    return;
  }
  RecordSlow(value);
}

void Sketch::RecordAged(double value) noexcept {
  const std::int64_t now = SketchClockMs();
  if (now >= next_rotation_ms_.load(std::memory_order_relaxed) && !in_slow_path) [[unlikely]] {
    in_slow_path = true;
    {
      const std::lock_guard lock(sketch_mutex);
      Rotate(now);
    }
    in_slow_path = false;
  }
  Record(value);
}

// A value that is not finite, or whose bucket has no cell yet.
void Sketch::RecordSlow(double value) noexcept {
  std::uint32_t cell = 0;
  const BucketTable* table = table_.load(std::memory_order_acquire);
  if (!in_slow_path) {
    in_slow_path = true;
    try {
      const std::lock_guard lock(sketch_mutex);
      for (;;) {
        table = table_.load(std::memory_order_relaxed);
        cell = CellOf(*table, value);
        if (cell != 0 || used_buckets_ < spec_->max_buckets || !Limit()) break;
      }
      if (cell == 0) {
        const int steps = table->steps.load(std::memory_order_relaxed);
        const double magnitude = std::fabs(value);
        const std::int32_t index =
            std::isinf(value) ? InfinityIndex(kMaxSchema - steps) : CoarseIndex(FineIndex(magnitude), steps);
        cell = AddBucket(index, std::signbit(value));
        table = table_.load(std::memory_order_relaxed);
      }
    } catch (...) {
      cell = 0;
    }
    in_slow_path = false;
  }
  if (cell == 0) {
    family_->diagnostics().observations_dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  AddSum(table->run.load(std::memory_order_relaxed), value);
  detail::AddCell(cell, 1);
}

// Room for one more bucket, so that what follows cannot fail; steps of the window then need no memory either.
void Sketch::MakeRoom(Generation* generation) {
  const std::size_t count = generation->cells.size() + 1;
  if (count <= generation->cells.capacity() && count <= generation->buckets.capacity()) return;
  const std::size_t room = std::max<std::size_t>(8, count + count / 2);
  if (!ages_.empty()) scratch_.reserve(room);
  for (std::vector<std::uint64_t>& age : ages_) age.reserve(room);
  generation->buckets.reserve(room);
  generation->cells.reserve(room);
}

// Gives a bucket a cell; 0 if there is none.
std::uint32_t Sketch::AddBucket(std::int32_t index, bool negative) {
  Generation& generation = active();
  BucketTable* table = table_.load(std::memory_order_relaxed);
  if (!table->HasRoom()) {
    table = GrowTable(*table);
    if (table == nullptr) return 0;
  }
  MakeRoom(&generation);
  std::uint32_t cell = 0;
  if (!generation.spare_cells.empty()) {
    cell = generation.spare_cells.back();
    generation.spare_cells.pop_back();
  } else {
    cell = AllocateCells(1, false);
    if (cell == 0) return 0;
  }
  generation.cells.push_back(cell);
  generation.buckets.push_back({index, negative});
  ++used_buckets_;
  table->Insert(BucketKey(index, negative), cell);
  return cell;
}

// A table twice as large with the buckets in use, published; null without memory.
BucketTable* Sketch::GrowTable(const BucketTable& table) noexcept {
  const bool full_of_dead = used_buckets_ * 4 < table.capacity();
  BucketTable* bigger = NewTable(&active(), full_of_dead ? table.capacity() : table.capacity() * 2,
                                 table.steps.load(std::memory_order_relaxed), table.zero_threshold());
  if (bigger == nullptr) return nullptr;
  FillTable(bigger);
  table_.store(bigger, std::memory_order_release);
  return bigger;
}

// Enters all buckets; the first of several with one index stands for them.
void Sketch::FillTable(BucketTable* table) noexcept {
  Generation& generation = active();
  used_buckets_ = 0;
  for (std::size_t i = 0; i < generation.buckets.size(); ++i) {
    Bucket& bucket = generation.buckets[i];
    if (bucket.is_zero || bucket.merged) continue;
    const std::uint32_t key = BucketKey(bucket.index, bucket.negative);
    bucket.merged = table->Find(key) != 0;
    if (bucket.merged) continue;
    table->Insert(key, generation.cells[i + 1]);
    ++used_buckets_;
  }
}

}  // namespace cachescope::client
