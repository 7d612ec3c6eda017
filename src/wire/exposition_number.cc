#include "wire/exposition_number.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/number.h"
#include "model/sample.h"

namespace cachescope::wire {
namespace {

// Powers of ten that a double holds exactly.
constexpr double kPow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int kMaxPow10 = 22;
constexpr int kMaxDigits = 15;  // 10^15 < 2^53: the mantissa is exact

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads "e+06" and returns false when it is not exactly that up to the end.
inline bool ReadExponent(const char* at, const char* end, int* exponent) {
  if (at == end || (*at != 'e' && *at != 'E')) return false;
  ++at;
  bool negative = false;
  if (at != end && (*at == '+' || *at == '-')) negative = *at++ == '-';
  if (at == end || end - at > 3) return false;
  int value = 0;
  for (; at != end; ++at) {
    if (!IsDigit(*at)) return false;
    value = value * 10 + (*at - '0');
  }
  *exponent += negative ? -value : value;
  return true;
}

std::optional<double> ParseSlow(std::string_view text) {
  if (text.find_first_of("pP_xX") != std::string_view::npos) return std::nullopt;
  const auto value = ParseFloat(text);
  if (value && std::isnan(*value)) return std::bit_cast<double>(kNormalNanBits);
  return value;
}

}  // namespace

std::optional<double> ParseExpositionNumber(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  std::uint64_t mantissa = 0;
  int digits = 0;
  int exponent = 0;
  const char* const first = at;
  while (at != end && IsDigit(*at) && at - first <= kMaxDigits) {
    mantissa = mantissa * 10 + static_cast<std::uint64_t>(*at++ - '0');
  }
  digits = static_cast<int>(at - first);
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    while (at != end && IsDigit(*at) && at - fraction <= kMaxDigits) {
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(*at++ - '0');
    }
    exponent = -static_cast<int>(at - fraction);
    digits -= exponent;
  }
  if (digits == 0 || digits > kMaxDigits) return ParseSlow(text);
  if (at != end && !ReadExponent(at, end, &exponent)) return ParseSlow(text);
  if (exponent < -kMaxPow10 || exponent > kMaxPow10) return ParseSlow(text);
  // One rounding: both operands are exact (Clinger's observation).
  const double value = exponent < 0 ? static_cast<double>(mantissa) / kPow10[-exponent]
                                    : static_cast<double>(mantissa) * kPow10[exponent];
  return negative ? -value : value;
}

void AppendCanonicalBound(std::string* out, double value) {
  if (std::isnan(value) || std::isinf(value)) {
    AppendApiFloat(out, value);
    return;
  }
  char buffer[40];
  const auto shortest = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view scientific(buffer, static_cast<std::size_t>(shortest.ptr - buffer));
  const std::size_t e = scientific.find('e');
  int exponent = 0;
  const char* digits = scientific.data() + e + 1;
  if (*digits == '+') ++digits;
  std::from_chars(digits, scientific.data() + scientific.size(), exponent);
  // Go's 'g' with the shortest precision turns to exponents below 1e-4 and from 1e6 on.
  if (exponent < -4 || exponent >= 6) {
    out->append(scientific);
    return;
  }
  const std::size_t start = out->size();
  AppendApiFloat(out, value);
  if (out->find('.', start) == std::string::npos) out->append(".0");
}

}  // namespace cachescope::wire
