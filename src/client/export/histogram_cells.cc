#include "client/export/histogram_cells.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cachescope::client {
namespace {

constexpr std::uint64_t kHashFactor = 0x9E3779B97F4A7C15U;

bool KeyBefore(const HistogramCell& cell, std::int64_t key) { return cell.key < key; }

// Index of the bucket at a resolution 2^shift times lower.
std::int64_t CoarserIndex(std::int64_t index, int shift) noexcept { return ((index - 1) >> shift) + 1; }

}  // namespace

double NativeBound(std::int32_t schema, std::int64_t index) noexcept {
  return std::exp2(std::ldexp(static_cast<double>(index), -schema));
}

HistogramCells::HistogramCells(const SeriesSnapshot& series) {
  if (series.native == nullptr) {
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < series.buckets.size(); ++i) {
      const BucketSnapshot& bucket = series.buckets[i];
      bounds_hash_ = (bounds_hash_ ^ std::bit_cast<std::uint64_t>(bucket.upper_bound)) * kHashFactor;
      if (bucket.cumulative_count > before) {
        cells_.push_back({static_cast<std::int64_t>(i), bucket.cumulative_count - before});
        before = bucket.cumulative_count;
      }
    }
    return;
  }
  const NativeHistogramSnapshot& native = *series.native;
  native_ = true;
  schema_ = native.schema;
  zero_threshold_ = native.zero_threshold;
  cells_.push_back({0, native.zero_count});
  const auto add = [this](const auto& spans, const auto& counts, int sign) {
    std::int64_t index = 0;
    std::size_t at = 0;
    for (const BucketSpanSnapshot& span : spans) {
      index += span.offset;
      for (std::uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++index) {
        cells_.push_back({sign * (kIndexZero + index), counts[at++]});
      }
    }
  };
  add(native.positive_spans, native.positive_counts, 1);
  add(native.negative_spans, native.negative_counts, -1);
  Normalise();
}

void HistogramCells::Normalise() {
  std::sort(cells_.begin(), cells_.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  std::size_t kept = 0;
  for (const HistogramCell cell : cells_) {
    if (cell.count == 0) continue;
    if (kept > 0 && cells_[kept - 1].key == cell.key) {
      cells_[kept - 1].count += cell.count;
    } else {
      cells_[kept++] = cell;
    }
  }
  cells_.resize(kept);
}

std::uint64_t HistogramCells::count() const noexcept {
  std::uint64_t sum = 0;
  for (const HistogramCell& cell : cells_) sum += cell.count;
  return sum;
}

std::uint64_t HistogramCells::CountOf(std::int64_t key) const noexcept {
  const auto found = std::lower_bound(cells_.begin(), cells_.end(), key, KeyBefore);
  return found != cells_.end() && found->key == key ? found->count : 0;
}

void HistogramCells::Add(std::int64_t key, std::uint64_t count) {
  const auto found = std::lower_bound(cells_.begin(), cells_.end(), key, KeyBefore);
  if (found != cells_.end() && found->key == key) {
    found->count += count;
  } else {
    cells_.insert(found, {key, count});
  }
}

void HistogramCells::Coarsen(std::int32_t schema) {
  const int shift = schema_ - schema;
  for (HistogramCell& cell : cells_) {
    if (cell.key > 0) cell.key = kIndexZero + CoarserIndex(cell.key - kIndexZero, shift);
    if (cell.key < 0) cell.key = -(kIndexZero + CoarserIndex(-cell.key - kIndexZero, shift));
  }
  schema_ = schema;
  Normalise();
}

void HistogramCells::WidenZero(double threshold) {
  for (HistogramCell& cell : cells_) {
    if (cell.key != 0 && NativeBound(schema_, std::abs(cell.key) - kIndexZero) <= threshold) cell.key = 0;
  }
  zero_threshold_ = threshold;
  Normalise();
}

bool HistogramCells::AlignTo(const HistogramCells& other) {
  if (cells_.empty()) {
    native_ = other.native_;
    schema_ = other.schema_;
    zero_threshold_ = other.zero_threshold_;
    bounds_hash_ = other.bounds_hash_;
    return true;
  }
  if (native_ != other.native_ || bounds_hash_ != other.bounds_hash_) return false;
  if (!native_) return true;
  if (schema_ < other.schema_ || zero_threshold_ > other.zero_threshold_) return false;
  if (schema_ > other.schema_) Coarsen(other.schema_);
  if (zero_threshold_ < other.zero_threshold_) WidenZero(other.zero_threshold_);
  return true;
}

bool HistogramCells::Subtract(const HistogramCells& before, HistogramCells* difference) const {
  *difference = *this;
  auto mine = difference->cells_.begin();
  for (const HistogramCell& old : before.cells_) {
    mine = std::lower_bound(mine, difference->cells_.end(), old.key, KeyBefore);
    if (mine == difference->cells_.end() || mine->key != old.key || mine->count < old.count) return false;
    mine->count -= old.count;
  }
  std::erase_if(difference->cells_, [](const HistogramCell& cell) { return cell.count == 0; });
  return true;
}

CellRange HistogramCells::RangeOf(const SeriesSnapshot& series, std::int64_t key) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (native_) {
    if (key == 0) return {-zero_threshold_, zero_threshold_};
    const std::int64_t index = std::abs(key) - kIndexZero;
    const CellRange range{NativeBound(schema_, index - 1), NativeBound(schema_, index)};
    return key > 0 ? range : CellRange{-range.high, -range.low};
  }
  const auto index = static_cast<std::size_t>(key);
  const double high = series.buckets[index].upper_bound;
  if (index > 0) return {series.buckets[index - 1].upper_bound, high};
  return {high >= 0 && high < kInfinity ? 0 : -kInfinity, high};
}

}  // namespace cachescope::client
