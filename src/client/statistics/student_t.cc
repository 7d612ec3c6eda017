#include "client/statistics/student_t.h"

#include <cmath>

namespace cachescope::client {
namespace {

constexpr double kTiny = 1e-300;

double AwayFromZero(double value) noexcept { return std::fabs(value) < kTiny ? kTiny : value; }

// The continued fraction of DLMF 8.17.22, evaluated from the front by Lentz's method.
double BetaFraction(double a, double b, double x) noexcept {
  double c = 1;
  double d = 1 / AwayFromZero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= 300; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / AwayFromZero(1 + even * d);
    c = AwayFromZero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / AwayFromZero(1 + odd * d);
    c = AwayFromZero(1 + odd / c);
    fraction *= d * c;
    if (std::fabs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

double LogGamma(double x) noexcept {
  int sign = 0;
  return lgamma_r(x, &sign);  // std::lgamma writes a global
}

}  // namespace

double IncompleteBeta(double a, double b, double x) noexcept {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on this side of the mean; the other side is its mirror image.
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

double StudentTwoSided(double probability, double degrees) noexcept {
  if (probability <= 0) return 0;
  // P(|T| > t) = I_x(degrees/2, 1/2) with x = degrees / (degrees + t²), which grows with x.
  const double outside = 1 - probability;
  double low = 0;
  double high = 1;
  for (int i = 0; i < 200 && low < high; ++i) {
    // Small x mean large t; halving in the logarithm keeps its relative precision there.
    const double middle = low > 0 && high / low > 4 ? std::sqrt(low * high) : (low + high) / 2;
    if (middle <= low || middle >= high) break;
    (IncompleteBeta(degrees / 2, 0.5, middle) < outside ? low : high) = middle;
  }
  const double x = (low + high) / 2;
  return std::sqrt(degrees * (1 - x) / x);
}

}  // namespace cachescope::client
