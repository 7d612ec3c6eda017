#include "server/promql/eval_text.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace cachescope::promql {

std::string GeneralFloat(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  const double size = std::fabs(v);
  const auto format =
      size != 0 && (size < 1e-4 || size >= 1e6) ? std::chars_format::scientific : std::chars_format::fixed;
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, v, format);
  return {buffer, end.ptr};
}

}  // namespace cachescope::promql
