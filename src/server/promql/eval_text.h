// Numbers in texts of the engine.
#pragma once

#include <string>

namespace cachescope::promql {

// As Go prints a float64 with %g: shortest digits, an exponent below 1e-4 and from 1e6 on; "NaN", "+Inf", "-Inf".
std::string GeneralFloat(double v);

}  // namespace cachescope::promql
