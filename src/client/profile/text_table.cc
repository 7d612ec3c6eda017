#include "client/profile/text_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "client/profile/json_text.h"

namespace cachescope::client {
namespace {

std::string Scaled(double value, const char* unit) {
  char buffer[64];
  // Three significant digits without an exponent.
  const double size = std::fabs(value);
  const int decimals = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  std::snprintf(buffer, sizeof buffer, "%.*f%s%s", decimals, value, *unit == '\0' ? "" : " ", unit);
  return buffer;
}

std::size_t Width(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string DurationText(double seconds) {
  if (std::isnan(seconds)) return "-";
  const double size = std::fabs(seconds);
  if (size >= 1 || size == 0) return Scaled(seconds, "s");
  if (size >= 1e-3) return Scaled(seconds * 1e3, "ms");
  if (size >= 1e-6) return Scaled(seconds * 1e6, "µs");
  return Scaled(seconds * 1e9, "ns");
}

std::string PercentText(double fraction) { return std::isnan(fraction) ? "-" : Scaled(fraction * 100, "%"); }

std::string BytesText(double bytes) {
  if (std::isnan(bytes)) return "-";
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  while (std::fabs(bytes) >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return Scaled(bytes, kUnits[unit]);
}

std::string NumberText(double value) {
  if (std::isnan(value)) return "-";
  if (std::fabs(value) < 1e15 && value == std::floor(value)) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.0f", value);
    return buffer;
  }
  return Scaled(value, "");
}

std::string LineText(std::string_view text) {
  std::string line = ValidText(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return line;
}

std::string TableText(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t padding = widths[i] - Width(row[i]);
      if (i > 0) text.append(2 + padding, ' ');
      text.append(row[i]);
      if (i == 0 && row.size() > 1) text.append(padding, ' ');
    }
    text.push_back('\n');
  }
  return text;
}

}  // namespace cachescope::client
