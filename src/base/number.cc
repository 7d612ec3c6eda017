#include "base/number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace cachescope {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoreCase(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != lower[i]) return false;
  }
  return true;
}

bool AppendSpecial(std::string* out, double value) {
  if (std::isnan(value)) {
    *out += "NaN";
    return true;
  }
  if (std::isinf(value)) {
    *out += value > 0 ? "+Inf" : "-Inf";
    return true;
  }
  return false;
}

void AppendChars(std::string* out, double value, std::chars_format format) {
  // Beyond 2^53 the fixed form would show digits that are not needed to read the value back; Go pads the shortest
  // digits with zeros.
  if (format == std::chars_format::fixed && std::fabs(value) >= 9007199254740992.0) {
    std::string digits;
    AppendChars(&digits, value, std::chars_format::scientific);
    const std::size_t e = digits.find('e');
    const auto exponent = static_cast<std::size_t>(std::atoi(digits.c_str() + e + 1));
    std::string mantissa = digits.substr(0, e);
    std::erase(mantissa, '.');
    const std::size_t sign = mantissa[0] == '-' ? 1 : 0;
    mantissa.resize(std::max(mantissa.size(), exponent + 1 + sign), '0');
    *out += mantissa;
    return;
  }
  char buffer[400];  // the longest fixed form left has about 330 characters
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format);
  out->append(buffer, end.ptr);
}

std::string_view StripUnderscores(std::string_view text, std::string* buffer) {
  if (text.find('_') == std::string_view::npos) return text;
  // Only literals with a base prefix may hold underscores, each between digits (or after the prefix).
  if (text.size() < 3 || text[0] != '0' || Lower(text[1]) != 'x') return {};
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (text[i] != '_') {
      buffer->push_back(text[i]);
    } else if (i + 1 == text.size() || text[i + 1] == '_' || text[i + 1] == '.' || text[i - 1] == '.') {
      return {};
    }
  }
  buffer->insert(0, "0x");
  return *buffer;
}

}  // namespace

std::optional<double> ParseFloat(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  const double sign = negative ? -1.0 : 1.0;
  if (EqualsIgnoreCase(text, "inf") || EqualsIgnoreCase(text, "infinity")) return sign * HUGE_VAL;
  if (EqualsIgnoreCase(text, "nan")) return std::nan("");
  std::string buffer;
  text = StripUnderscores(text, &buffer);
  if (text.empty()) return std::nullopt;
  auto format = std::chars_format::general;
  if (text.size() > 2 && text[0] == '0' && Lower(text[1]) == 'x') {
    text.remove_prefix(2);
    format = std::chars_format::hex;
    if (text.find_first_of("pP") == std::string_view::npos) return std::nullopt;  // Go demands the exponent
  }
  if (!((text[0] >= '0' && text[0] <= '9') || text[0] == '.' ||
        (format == std::chars_format::hex && std::isxdigit(static_cast<unsigned char>(text[0]))))) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // from_chars does not say which way; a tiny number is 0 for Go, a huge one an error.
    const std::string copy = (format == std::chars_format::hex ? "0x" : "") + std::string(text);
    value = std::strtod(copy.c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return sign * value;
}

void AppendApiFloat(std::string* out, double value) {
  if (AppendSpecial(out, value)) return;
  const double magnitude = std::fabs(value);
  const bool exponent = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21);
  AppendChars(out, value, exponent ? std::chars_format::scientific : std::chars_format::fixed);
}

void AppendExpositionFloat(std::string* out, double value) {
  if (AppendSpecial(out, value)) return;
  const double magnitude = std::fabs(value);
  const bool exponent = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e21);
  AppendChars(out, value, exponent ? std::chars_format::scientific : std::chars_format::fixed);
}

std::string FormatApiFloat(double value) {
  std::string out;
  AppendApiFloat(&out, value);
  return out;
}

std::string FormatExpositionFloat(double value) {
  std::string out;
  AppendExpositionFloat(&out, value);
  return out;
}

std::string FormatFixed(double value) {
  std::string out;
  if (!AppendSpecial(&out, value)) AppendChars(&out, value, std::chars_format::fixed);
  return out;
}

std::string FormatGeneral(double value) {
  std::string out;
  if (AppendSpecial(&out, value)) return out;
  AppendChars(&out, value, std::chars_format::scientific);
  const int exponent = std::atoi(out.c_str() + out.find('e') + 1);
  if (value == 0 || (exponent >= -4 && exponent < 6)) {
    out.clear();
    AppendChars(&out, value, std::chars_format::fixed);
  }
  return out;
}

std::string FormatScientific(double value) {
  std::string out;
  if (!AppendSpecial(&out, value)) AppendChars(&out, value, std::chars_format::scientific);
  return out;
}

}  // namespace cachescope
