#include "client/number_text.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace cachescope::client {
namespace {

constexpr double kMaxPlainInteger = 1e15;

char* WriteWord(char* at, std::string_view word) noexcept {
  std::memcpy(at, word.data(), word.size());
  return at + word.size();
}

}  // namespace

char* WriteInteger(char* at, std::uint64_t value) noexcept { return std::to_chars(at, at + kMaxNumberText, value).ptr; }

char* WriteDouble(char* at, double value) noexcept {
  if (std::abs(value) < kMaxPlainInteger) [[likely]] {
    const auto integer = static_cast<std::int64_t>(value);
    if (static_cast<double>(integer) == value && (integer != 0 || !std::signbit(value))) {
      return std::to_chars(at, at + kMaxNumberText, integer).ptr;
    }
  } else if (std::isnan(value)) {
    return WriteWord(at, "NaN");
  } else if (std::isinf(value)) {
    return WriteWord(at, value > 0 ? "+Inf" : "-Inf");
  }
  return std::to_chars(at, at + kMaxNumberText, value).ptr;
}

std::string BoundText(double bound) {
  if (std::isinf(bound)) return bound > 0 ? "+Inf" : "-Inf";
  char scientific[kMaxNumberText];
  const char* end = std::to_chars(scientific, scientific + sizeof scientific, bound, std::chars_format::scientific).ptr;
  const std::string_view text(scientific, static_cast<std::size_t>(end - scientific));
  const std::size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
  if (exponent < -4 || exponent >= 6) return std::string(text);
  char fixed[400];
  const char* fixed_end = std::to_chars(fixed, fixed + sizeof fixed, bound, std::chars_format::fixed).ptr;
  return std::string(fixed, static_cast<std::size_t>(fixed_end - fixed));
}

}  // namespace cachescope::client
