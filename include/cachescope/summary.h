// Summary: quantiles of the values of the last minutes, and their count and sum since the start. A handle to one
// series; copies, lifetime and null as for Counter.
//
// Record: about 12 ns, no lock and no allocation, whatever the number of threads; a value in a range not seen before
// takes a lock and may allocate. Values are counted in exponential buckets 2^(2^-s) wide, each thread for itself, and
// a quantile is the point in its bucket that halves the relative error: at most (b - 1) / (b + 1) with b the width.
//
//   s                      4        5        6        7        8
//   error at most          2.17 %   1.09 %   0.55 %   0.28 %   0.14 %
//
// SummaryOptions::relative_error picks s; the default of 1 % gives s = 6. Sketches of several series or processes merge
// without further error (quantile_sketch.h). The window moves in steps of max_age / age_buckets: a quantile covers
// between max_age minus one step and max_age. NaN counts in count and sum only; infinities are values like others.
#pragma once

#include <cstdint>

#include "cachescope/instrument_family.h"
#include "cachescope/quantile_sketch.h"

namespace cachescope {

namespace client {
class Sketch;
}

namespace detail {
void RecordSketch(client::Sketch* sketch, double value) noexcept;
}

class Summary {
 public:
  Summary() noexcept = default;
  explicit Summary(detail::SeriesRef series) noexcept;

  /// Any value; durations in seconds.
  void Record(double value) const noexcept {
    if (sketch_ != nullptr) detail::RecordSketch(sketch_, value);
  }

  /// Over all threads, since the start. Take a lock: for tests and reports.
  std::uint64_t Count() const noexcept;
  double Sum() const noexcept;
  /// The window's value of this rank, 0 to 1; NaN without values or memory.
  double Quantile(double quantile) const noexcept;
  /// The window's values, to merge with others. Empty without memory.
  QuantileSketch Sketch() const noexcept;

  /// False for a null summary.
  explicit operator bool() const noexcept { return series_.get() != nullptr; }

 private:
  detail::SeriesRef series_;
  client::Sketch* sketch_ = nullptr;  // owned by the series
};

using SummaryFamily = InstrumentFamily<Summary>;

}  // namespace cachescope
