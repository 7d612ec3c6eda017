#include "server/template/humanize.h"

#include <cmath>
#include <cstdio>

namespace cachescope::templating {
namespace {

std::string Printf(const char* format, double v) {
  char buffer[512];
  const int n = std::snprintf(buffer, sizeof buffer, format, v);
  return n > 0 ? std::string(buffer, std::min<std::size_t>(static_cast<std::size_t>(n), sizeof buffer - 1))
               : std::string();
}

std::string FourDigits(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  return Printf("%.4g", v);
}

}  // namespace

std::string Humanize(double v) {
  if (v == 0 || !std::isfinite(v)) return FourDigits(v);
  const char* prefix = "";
  if (std::fabs(v) >= 1) {
    for (const char* p : {"k", "M", "G", "T", "P", "E", "Z", "Y"}) {
      if (std::fabs(v) < 1000) break;
      prefix = p;
      v /= 1000;
    }
  } else {
    for (const char* p : {"m", "u", "n", "p", "f", "a", "z", "y"}) {
      if (std::fabs(v) >= 1) break;
      prefix = p;
      v *= 1000;
    }
  }
  return FourDigits(v) + prefix;
}

std::string Humanize1024(double v) {
  if (std::fabs(v) <= 1 || !std::isfinite(v)) return FourDigits(v);
  const char* prefix = "";
  for (const char* p : {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"}) {
    if (std::fabs(v) < 1024) break;
    prefix = p;
    v /= 1024;
  }
  return FourDigits(v) + prefix;
}

std::string HumanizeDuration(double v) {
  if (!std::isfinite(v)) return FourDigits(v);
  if (v == 0) return "0s";
  if (std::fabs(v) >= 1) {
    const char* sign = v < 0 ? "-" : "";
    v = std::fabs(v);
    const auto seconds = static_cast<long long>(v) % 60;
    const auto minutes = static_cast<long long>(v) / 60 % 60;
    const auto hours = static_cast<long long>(v) / 3600 % 24;
    const auto days = static_cast<long long>(v) / 86400;
    const std::string s = std::to_string(seconds) + "s";
    const std::string m = std::to_string(minutes) + "m ";
    const std::string h = std::to_string(hours) + "h ";
    if (days != 0) return sign + std::to_string(days) + "d " + h + m + s;
    if (hours != 0) return sign + h + m + s;
    if (minutes != 0) return sign + m + s;
    return sign + FourDigits(v) + "s";
  }
  const char* prefix = "";
  for (const char* p : {"m", "u", "n", "p", "f", "a", "z", "y"}) {
    if (std::fabs(v) >= 1) break;
    prefix = p;
    v *= 1000;
  }
  return FourDigits(v) + prefix + "s";
}

std::string HumanizePercentage(double v) { return FourDigits(v * 100) + "%"; }

}  // namespace cachescope::templating
