// Student's t distribution, from the regularised incomplete beta function. Pure functions.
// https://dlmf.nist.gov/8.17
#pragma once

namespace cachescope::client {

/// The regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 ≤ x ≤ 1, to about 1e-12.
double IncompleteBeta(double a, double b, double x) noexcept;

/// t such that a value with `degrees` > 0 degrees of freedom is in [-t, t] with this probability, 0 ≤ probability < 1.
/// To about 1e-9 of its value.
double StudentTwoSided(double probability, double degrees) noexcept;

}  // namespace cachescope::client
