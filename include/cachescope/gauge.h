// Gauge: a number that goes up and down. A handle to one series; copies, lifetime and null as for Counter.
//
// A gauge has one shared cell, because the last Set by any thread wins. Set is one store. Add is a compare-and-swap
// loop: some 6 ns alone, more when threads add to the same gauge at once.
#pragma once

#include <bit>
#include <cstdint>

#include "cachescope/detail/cell.h"
#include "cachescope/instrument_family.h"

namespace cachescope {

namespace detail {
/// What null gauges write.
inline constinit Cell null_gauge_cell{0};
}  // namespace detail

class Gauge {
 public:
  Gauge() noexcept = default;
  explicit Gauge(detail::SeriesRef series) noexcept;

  /// Any value, NaN and infinities included.
  void Set(double value) const noexcept {
    cell_->store(std::bit_cast<std::uint64_t>(value), std::memory_order_relaxed);
  }
  void Add(double value) const noexcept {
    std::uint64_t before = cell_->load(std::memory_order_relaxed);
    while (!cell_->compare_exchange_weak(before, std::bit_cast<std::uint64_t>(std::bit_cast<double>(before) + value),
                                         std::memory_order_relaxed)) {
    }
  }
  void Subtract(double value) const noexcept { Add(-value); }
  void Increment() const noexcept { Add(1); }
  void Decrement() const noexcept { Add(-1); }
  /// Seconds since the Unix epoch, with microseconds.
  void SetToCurrentTime() const noexcept;

  double Value() const noexcept { return std::bit_cast<double>(cell_->load(std::memory_order_relaxed)); }

  /// False for a null gauge.
  explicit operator bool() const noexcept { return series_.get() != nullptr; }

 private:
  detail::SeriesRef series_;
  detail::Cell* cell_ = &detail::null_gauge_cell;
};

using GaugeFamily = CallbackFamily<Gauge>;

}  // namespace cachescope
