// HistogramCells: the buckets of a histogram snapshot as a sorted list, so that two of them can be subtracted and a
// bucket named by a number, whether they are classic or native. Pure functions; may throw std::bad_alloc.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "cachescope/snapshot.h"

namespace cachescope::client {

/// Observations of one bucket.
struct HistogramCell {
  std::int64_t key = 0;
  std::uint64_t count = 0;
};

/// What a cell's values lie between: low < value <= high.
struct CellRange {
  double low = 0;
  double high = 0;
};

class HistogramCells {
 public:
  HistogramCells() = default;
  /// Native buckets if there are any, else classic ones (empty ones left out in both).
  explicit HistogramCells(const SeriesSnapshot& series);

  const std::vector<HistogramCell>& cells() const noexcept { return cells_; }
  std::uint64_t count() const noexcept;
  /// 0 if the cell is not there.
  std::uint64_t CountOf(std::int64_t key) const noexcept;
  void Add(std::int64_t key, std::uint64_t count);

  /// Brings them to the buckets of `other`, whose resolution may be lower. False if they cannot be compared: classic
  /// with native, or other bounds.
  bool AlignTo(const HistogramCells& other);
  /// This less what `before` has; false if some bucket of `before` has more: then it is of an earlier life.
  /// REQUIRES: before.AlignTo(*this) was true.
  bool Subtract(const HistogramCells& before, HistogramCells* difference) const;

  /// What cell `key` covers. REQUIRES: `series` is what this was made from.
  CellRange RangeOf(const SeriesSnapshot& series, std::int64_t key) const;

  bool native() const noexcept { return native_; }
  std::int32_t schema() const noexcept { return schema_; }
  double zero_threshold() const noexcept { return zero_threshold_; }

  /// Keys of native cells: 0 is the zero bucket, index i is kIndexZero + i, its mirror image the negative of that.
  static constexpr std::int64_t kIndexZero = std::int64_t{1} << 40;

 private:
  void Coarsen(std::int32_t schema);
  void WidenZero(double threshold);
  void Normalise();

  bool native_ = false;
  std::int32_t schema_ = 0;
  double zero_threshold_ = 0;
  std::uint64_t bounds_hash_ = 0;     // classic
  std::vector<HistogramCell> cells_;  // sorted by key, counts not 0
};

/// Upper bound of native bucket `index`: 2^(index · 2^-schema); infinite beyond the range of doubles.
double NativeBound(std::int32_t schema, std::int64_t index) noexcept;

}  // namespace cachescope::client
