// Numbers for people, as Prometheus' template functions of the same names print them. Pure.
#pragma once

#include <string>

namespace cachescope::templating {

std::string Humanize(double v);            // 1234567 → "1.235M"
std::string Humanize1024(double v);        // 1048576 → "1Mi"
std::string HumanizeDuration(double s);    // 3661 → "1h 1m 1s"
std::string HumanizePercentage(double v);  // 0.1234 → "12.34%"

}  // namespace cachescope::templating
