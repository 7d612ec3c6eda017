// A straight line through points, by least squares, with the confidence in its slope. Pure function.
#pragma once

#include <cstddef>
#include <span>

namespace cachescope::client {

struct Point {
  double x = 0;
  double y = 0;
};

struct LineFit {
  std::size_t points = 0;
  double slope = 0;
  /// At x = 0.
  double intercept = 0;
  double mean_y = 0;
  /// 1 - residual / total sum of squares, 0 to 1; NaN if all y are equal.
  double r_squared = 0;
  /// Standard error of the slope and its two-sided confidence interval. NaN with fewer than three points.
  double slope_error = 0;
  double slope_low = 0;
  double slope_high = 0;
};

/// With fewer than two different x, slope and all that follows from it are NaN. Points with NaN are left out.
/// 0 ≤ confidence < 1. O(n).
LineFit FitLine(std::span<const Point> points, double confidence = 0.95) noexcept;

}  // namespace cachescope::client
