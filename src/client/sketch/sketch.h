// Sketch: the numbers of one native histogram or summary: sum, zero bucket, values that are not numbers, a histogram's
// classic buckets, and exponential buckets that get their cells when a value first falls in them.
//
// Record() reads a table that maps buckets to cells and adds to the calling thread's cells; no lock. Everything else
// runs under one process-wide lock, which is also taken around fork. When the layout changes (more buckets, a lower
// schema, a wider zero bucket), a new table is published and cells stay: those of buckets that were merged are from
// then on added to the merged bucket when read, so a thread that still uses the old table loses nothing. Tables are
// freed with the sketch.
//
// A reset switches to the other of two generations of cells. The one left behind is used again by the next reset, at
// least a second later; only a thread that slept for that long inside Record() could then count one value in a wrong
// bucket of the same series.
//
// A summary's window: cells only grow, and at each step of the window their sums are kept; the window is what came
// since the oldest of these.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "cachescope/quantile_sketch.h"
#include "cachescope/snapshot.h"
#include "client/sketch/bucket_table.h"
#include "client/sketch/exponential.h"

namespace cachescope::client {

class FamilyCore;

/// What the sketches of a family are.
struct SketchSpec {
  bool enabled = false;
  int schema = 0;
  double zero_threshold = 0;
  double max_zero_threshold = 0;
  std::size_t max_buckets = 0;
  std::int64_t min_reset_ms = 0;  // 0: never
  std::int64_t age_ms = 0;        // 0: no window
  std::size_t age_count = 0;
  friend bool operator==(const SketchSpec&, const SketchSpec&) = default;
};

/// The numbers of a sketch at one moment.
struct SketchReading {
  struct Bucket {
    bool negative = false;
    std::int32_t index = 0;
    std::uint64_t count = 0;
  };
  int schema = 0;
  double zero_threshold = 0;
  double sum = 0;
  std::uint64_t zero_count = 0;
  std::uint64_t nan_count = 0;
  std::uint64_t count = 0;             // everything recorded
  std::vector<std::uint64_t> classic;  // by classic bucket, +Inf last; empty if there are none
  std::vector<Bucket> buckets;         // negative ones first, then by index; none is 0
  std::int64_t created_ms = 0;         // since the Unix epoch
};

class Sketch {
 public:
  /// Null without memory or cells. `family` must outlive it.
  static Sketch* New(const FamilyCore* family) noexcept;
  ~Sketch();
  Sketch(const Sketch&) = delete;
  Sketch& operator=(const Sketch&) = delete;

  void Record(double value) noexcept;
  /// As above for a sketch with a window: looks at the clock.
  void RecordAged(double value) noexcept;

  /// Since the start or the last reset, which happens here if it is due. May throw std::bad_alloc.
  SketchReading Read();
  /// The window's buckets. May throw std::bad_alloc.
  QuantileSketch Window();

 private:
  struct Bucket {
    std::int32_t index = 0;
    bool negative = false;
    bool merged = false;   // another bucket of the same index comes before it
    bool is_zero = false;  // the zero bucket has grown over it
  };
  /// A run of fixed cells and the cells of buckets.
  struct Generation {
    std::uint32_t run = 0;             // 0: not made yet
    std::vector<std::uint32_t> cells;  // the zero bucket's, then one per bucket
    std::vector<Bucket> buckets;
    std::vector<std::uint32_t> spare_cells;
    std::vector<BucketTable::Pointer> tables;
    std::size_t tables_used = 0;  // since the generation began; the others may serve again
    std::int64_t created_ms = 0;
    std::int64_t began_ms = 0;  // by the monotonic clock
  };

  explicit Sketch(const FamilyCore* family) noexcept;
  bool Start(Generation* generation);
  BucketTable* NewTable(Generation* generation, std::uint32_t capacity, int steps, double zero_threshold) noexcept;
  void AddSum(std::uint32_t run, double value) const noexcept;
  std::uint32_t CellOf(const BucketTable& table, double value) const noexcept;
  void RecordSlow(double value) noexcept;
  void MakeRoom(Generation* generation);
  std::uint32_t AddBucket(std::int32_t index, bool negative);
  BucketTable* GrowTable(const BucketTable& table) noexcept;
  void FillTable(BucketTable* table) noexcept;
  bool Limit() noexcept;
  bool Reset() noexcept;
  bool WidenZero() noexcept;
  bool Halve() noexcept;
  void Rotate(std::int64_t now) noexcept;
  std::uint32_t run_length() const noexcept { return classic_cells_ + 3; }
  Generation& active() noexcept { return generations_[active_]; }

  const FamilyCore* const family_;
  const SketchSpec* const spec_;
  const std::uint32_t classic_cells_;
  std::atomic<BucketTable*> table_{nullptr};
  std::atomic<std::int64_t> next_rotation_ms_{std::numeric_limits<std::int64_t>::max()};

  // Guarded by the lock of sketches.
  Generation generations_[2];
  std::size_t active_ = 0;
  std::size_t used_buckets_ = 0;  // neither merged nor zero
  bool reset_due_ = false;
  std::vector<std::vector<std::uint64_t>> ages_;  // sums by cell at the steps of the window, oldest first
  std::vector<std::uint64_t> scratch_;
};

/// Guards the slow paths of all sketches. Taken before the lock of the cells, also around fork.
std::mutex& SketchMutex() noexcept;
/// Moves the clock of sketches.
void AdvanceSketchClockForTest(std::int64_t milliseconds) noexcept;
/// Monotonic and wall milliseconds, some 5 ns and 4 ms exact.
std::int64_t SketchClockMs() noexcept;

}  // namespace cachescope::client
