#include "client/statistics/linear_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "client/statistics/student_t.h"

namespace cachescope::client {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool Known(const Point& point) noexcept { return std::isfinite(point.x) && std::isfinite(point.y); }

// Deviations from the means: differences of sums of squares would lose all digits for times and byte counts.
struct Deviations {
  double xx = 0;
  double xy = 0;
  double yy = 0;
};

Deviations Deviate(std::span<const Point> points, double mean_x, double mean_y) noexcept {
  Deviations sums;
  for (const Point& point : points) {
    if (!Known(point)) continue;
    const double dx = point.x - mean_x;
    const double dy = point.y - mean_y;
    sums.xx += dx * dx;
    sums.xy += dx * dy;
    sums.yy += dy * dy;
  }
  return sums;
}

double Residual(std::span<const Point> points, const LineFit& fit, double mean_x) noexcept {
  double sum = 0;
  for (const Point& point : points) {
    if (!Known(point)) continue;
    const double error = point.y - fit.mean_y - fit.slope * (point.x - mean_x);
    sum += error * error;
  }
  return sum;
}

// The trends of a snapshot have nearly the same number of points, and a quantile takes thirty times as long as a fit.
double RecentTwoSided(double confidence, double degrees) noexcept {
  struct Quantile {
    double confidence = -1;
    double degrees = 0;
    double t = 0;
  };
  constexpr std::size_t kKept = 8;
  constinit static thread_local Quantile recent[kKept] = {};
  Quantile& known = recent[static_cast<std::size_t>(degrees) % kKept];
  if (known.confidence != confidence || known.degrees != degrees) {
    known = {confidence, degrees, StudentTwoSided(confidence, degrees)};
  }
  return known.t;
}

}  // namespace

LineFit FitLine(std::span<const Point> points, double confidence) noexcept {
  LineFit fit;
  double mean_x = 0;
  for (const Point& point : points) {
    if (!Known(point)) continue;
    ++fit.points;
    const auto n = static_cast<double>(fit.points);
    mean_x += (point.x - mean_x) / n;
    fit.mean_y += (point.y - fit.mean_y) / n;
  }
  fit.slope = fit.intercept = fit.r_squared = fit.slope_error = fit.slope_low = fit.slope_high = kNan;
  if (fit.points == 0) fit.mean_y = kNan;
  const Deviations sums = Deviate(points, mean_x, fit.mean_y);
  if (!(sums.xx > 0)) return fit;
  fit.slope = sums.xy / sums.xx;
  fit.intercept = fit.mean_y - fit.slope * mean_x;
  const double residual = Residual(points, fit, mean_x);
  if (sums.yy > 0) fit.r_squared = std::clamp(1 - residual / sums.yy, 0.0, 1.0);
  if (fit.points < 3) return fit;
  const auto degrees = static_cast<double>(fit.points - 2);
  fit.slope_error = std::sqrt(residual / degrees / sums.xx);
  const double half = RecentTwoSided(confidence, degrees) * fit.slope_error;
  fit.slope_low = fit.slope - half;
  fit.slope_high = fit.slope + half;
  return fit;
}

}  // namespace cachescope::client
