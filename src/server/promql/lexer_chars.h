// Character classes of PromQL: ASCII only, whatever the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cachescope::promql {

constexpr bool IsBlank(std::uint32_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool IsDigit(std::uint32_t c) { return c >= '0' && c <= '9'; }
constexpr bool IsAlpha(std::uint32_t c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool IsAlphaNumeric(std::uint32_t c) { return IsAlpha(c) || IsDigit(c); }

inline std::string Lowercase(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace cachescope::promql
