// deriv, predict_linear, double_exponential_smoothing.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "server/promql/eval_range.h"

namespace cachescope::promql {
namespace {

struct Line {
  double slope = 0;
  double intercept = 0;
};

// Least squares; the intercept is the value at `origin`.
Line FitLine(const Window& w, TimestampMs origin) {
  double x_sum = 0, x_c = 0, y_sum = 0, y_c = 0, xy_sum = 0, xy_c = 0, xx_sum = 0, xx_c = 0;
  bool constant = true;
  for (std::size_t i = 0; i < w.n; ++i) {
    constant = constant && w.v[i] == w.v[0];
    const double x = static_cast<double>(w.t[i] - origin) / 1e3;
    KahanAdd(x, &x_sum, &x_c);
    KahanAdd(w.v[i], &y_sum, &y_c);
    KahanAdd(x * w.v[i], &xy_sum, &xy_c);
    KahanAdd(x * x, &xx_sum, &xx_c);
  }
  if (constant || w.n == 1) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return std::isinf(w.v[0]) ? Line{kNan, kNan} : Line{0, w.v[0]};
  }
  const double n = static_cast<double>(w.n);
  x_sum += x_c;
  y_sum += y_c;
  xy_sum += xy_c;
  xx_sum += xx_c;
  const double covariance = xy_sum - x_sum * y_sum / n;
  const double variance = xx_sum - x_sum * x_sum / n;
  const double slope = covariance / variance;
  return {slope, y_sum / n - slope * x_sum / n};
}

// Two floats are needed; notes histograms beside floats.
bool Enough(const Window& w, RangeCall* call) {
  if (w.n > 0 && w.hn > 0) call->annotations().HistogramIgnoredInRange(call->metric, call->pos);
  return w.n >= 2;
}

}  // namespace

Cell DerivKernel(const Window& w, RangeCall* call) {
  if (!Enough(w, call)) return Cell::kNone;
  call->f = FitLine(w, w.t[0]).slope;
  return Cell::kFloat;
}

Cell PredictLinearKernel(const Window& w, RangeCall* call) {
  if (!Enough(w, call)) return Cell::kNone;
  const Line line = FitLine(w, w.now);
  call->f = line.slope * call->scalar(0, w) + line.intercept;
  return Cell::kFloat;
}

Cell SmoothingKernel(const Window& w, RangeCall* call) {
  const double smoothing = call->scalar(0, w);
  const double trend = call->scalar(1, w);
  if (smoothing <= 0 || smoothing >= 1) {
    call->error = InvalidArgument(fmt::format("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", smoothing));
    return Cell::kNone;
  }
  if (trend <= 0 || trend >= 1) {
    call->error = InvalidArgument(fmt::format("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", trend));
    return Cell::kNone;
  }
  if (!Enough(w, call)) return Cell::kNone;
  double before = 0;
  double level = w.v[0];
  double slope = w.v[1] - w.v[0];
  for (std::size_t i = 1; i < w.n; ++i) {
    if (i > 1) slope = trend * (level - before) + (1 - trend) * slope;
    const double next = smoothing * w.v[i] + (1 - smoothing) * (level + slope);
    before = level;
    level = next;
  }
  call->f = level;
  return Cell::kFloat;
}

}  // namespace cachescope::promql
