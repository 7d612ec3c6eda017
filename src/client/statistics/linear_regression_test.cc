#include "client/statistics/linear_regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "client/statistics/student_t.h"

namespace cachescope::client {
namespace {

TEST(StudentT, AgreesWithPrintedTables) {
  struct Row {
    double degrees;
    double t90;
    double t95;
    double t99;
  };
  // Two-sided critical values as any statistics book prints them.
  constexpr Row kRows[] = {{1, 6.314, 12.706, 63.657}, {2, 2.920, 4.303, 9.925},  {3, 2.353, 3.182, 5.841},
                           {5, 2.015, 2.571, 4.032},   {10, 1.812, 2.228, 3.169}, {30, 1.697, 2.042, 2.750},
                           {120, 1.658, 1.980, 2.617}, {1e6, 1.645, 1.960, 2.576}};
  for (const Row& row : kRows) {
    EXPECT_NEAR(StudentTwoSided(0.90, row.degrees), row.t90, 0.0006) << row.degrees;
    EXPECT_NEAR(StudentTwoSided(0.95, row.degrees), row.t95, 0.0006) << row.degrees;
    EXPECT_NEAR(StudentTwoSided(0.99, row.degrees), row.t99, 0.0006) << row.degrees;
  }
  EXPECT_EQ(StudentTwoSided(0, 5), 0);
  // One degree of freedom is the Cauchy distribution.
  EXPECT_NEAR(StudentTwoSided(0.5, 1), 1, 1e-9);
  EXPECT_NEAR(StudentTwoSided(0.9999999, 1) / std::tan(0.9999999 * std::acos(-1.0) / 2), 1, 1e-6);
}

TEST(IncompleteBeta, ClosedForms) {
  for (const double x : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    EXPECT_NEAR(IncompleteBeta(1, 1, x), x, 1e-13);
    EXPECT_NEAR(IncompleteBeta(3, 1, x), x * x * x, 1e-13);
    EXPECT_NEAR(IncompleteBeta(2, 2, x), x * x * (3 - 2 * x), 1e-13);
    EXPECT_NEAR(IncompleteBeta(0.5, 0.5, x), 2 / std::acos(-1.0) * std::asin(std::sqrt(x)), 1e-12);
  }
}

TEST(FitLine, FindsALineExactly) {
  const std::vector<Point> points = {{0, 3}, {1, 5}, {2, 7}, {5, 13}};
  const LineFit fit = FitLine(points);
  EXPECT_EQ(fit.points, 4U);
  EXPECT_DOUBLE_EQ(fit.slope, 2);
  EXPECT_DOUBLE_EQ(fit.intercept, 3);
  EXPECT_DOUBLE_EQ(fit.r_squared, 1);
  EXPECT_NEAR(fit.slope_low, 2, 1e-12);
  EXPECT_NEAR(fit.slope_high, 2, 1e-12);
}

TEST(FitLine, AnExampleWorkedByHand) {
  // x̄ = 3, ȳ = 4; Sxx = 10, Sxy = 6, Syy = 6; residual 2.4, so the error is √(2.4 / 3 / 10).
  const std::vector<Point> points = {{1, 2}, {2, 4}, {3, 5}, {4, 4}, {5, 5}};
  const LineFit fit = FitLine(points);
  EXPECT_DOUBLE_EQ(fit.slope, 0.6);
  EXPECT_NEAR(fit.intercept, 2.2, 1e-12);
  EXPECT_NEAR(fit.r_squared, 0.6, 1e-12);
  EXPECT_NEAR(fit.slope_error, std::sqrt(0.08), 1e-12);
  EXPECT_NEAR(fit.slope_high - fit.slope, 3.182446 * std::sqrt(0.08), 1e-6);
}

TEST(FitLine, LargeOffsetsLoseNoDigits) {
  std::vector<Point> points;
  for (int i = 0; i < 100; ++i) points.push_back({1.7e9 + i * 30, 4e12 + i * 3.0});
  EXPECT_NEAR(FitLine(points).slope, 0.1, 1e-5);
}

TEST(FitLine, TooFewOrUnusablePoints) {
  EXPECT_TRUE(std::isnan(FitLine({}).slope));
  EXPECT_TRUE(std::isnan(FitLine({}).mean_y));
  const std::vector<Point> one = {{1, 1}};
  EXPECT_TRUE(std::isnan(FitLine(one).slope));
  const std::vector<Point> upright = {{1, 1}, {1, 5}, {1, 9}};
  EXPECT_TRUE(std::isnan(FitLine(upright).slope));
  EXPECT_EQ(FitLine(upright).mean_y, 5);
  const std::vector<Point> two = {{1, 1}, {2, 3}};
  EXPECT_DOUBLE_EQ(FitLine(two).slope, 2);
  EXPECT_TRUE(std::isnan(FitLine(two).slope_low));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Point> with_gaps = {{0, 1}, {1, nan}, {2, 3}, {nan, 9}, {4, 5}};
  EXPECT_EQ(FitLine(with_gaps).points, 3U);
  EXPECT_DOUBLE_EQ(FitLine(with_gaps).slope, 1);
  const std::vector<Point> level = {{0, 7}, {1, 7}, {2, 7}};
  EXPECT_EQ(FitLine(level).slope, 0);
  EXPECT_TRUE(std::isnan(FitLine(level).r_squared));
  EXPECT_EQ(FitLine(level).slope_high, 0);
}

TEST(FitLine, TheIntervalCoversAsOftenAsItSays) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> noise(0, 3);
  int covered = 0;
  constexpr int kRuns = 4000;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<Point> points;
    for (int i = 0; i < 12; ++i) points.push_back({static_cast<double>(i), 5 + 0.7 * i + noise(random)});
    const LineFit fit = FitLine(points, 0.9);
    covered += fit.slope_low <= 0.7 && 0.7 <= fit.slope_high ? 1 : 0;
  }
  EXPECT_NEAR(covered / static_cast<double>(kRuns), 0.9, 0.02);
}

// The fit remembers quantiles; the same points must give the same interval whatever was asked for before.
TEST(LinearRegression, DoesNotDependOnWhatWasAskedBefore) {
  std::vector<Point> points;
  const auto fit = [&](std::size_t n, double confidence) {
    return FitLine(std::span<const Point>(points.data(), n), confidence);
  };
  for (int i = 0; i < 40; ++i) points.push_back({static_cast<double>(i), static_cast<double>(i * i % 7)});
  for (std::size_t n = 3; n <= points.size(); ++n) {
    const LineFit fitted = fit(n, 0.95);
    const double half = StudentTwoSided(0.95, static_cast<double>(n - 2)) * fitted.slope_error;
    EXPECT_DOUBLE_EQ(fitted.slope_high, fitted.slope + half) << n;
    EXPECT_LE(half, fit(n, 0.99).slope_high - fitted.slope) << n;
    EXPECT_DOUBLE_EQ(fit(n, 0.95).slope_high, fitted.slope_high) << n;
  }
}

}  // namespace
}  // namespace cachescope::client
