#include "base/duration.h"

#include <array>
#include <cmath>
#include <limits>

#include "base/number.h"

namespace cachescope {
namespace {

struct Unit {
  std::string_view name;
  DurationMs ms;
  bool only_when_exact;  // years and weeks are printed only when nothing is left over
};

constexpr std::array<Unit, 7> kUnits = {{{"y", 365LL * 24 * 3600 * 1000, true},
                                         {"w", 7LL * 24 * 3600 * 1000, true},
                                         {"d", 24LL * 3600 * 1000, false},
                                         {"h", 3600LL * 1000, false},
                                         {"m", 60LL * 1000, false},
                                         {"s", 1000, false},
                                         {"ms", 1, false}}};

// 2^63 ns in ms: what upstream can represent.
constexpr DurationMs kMaxDurationMs = std::numeric_limits<std::int64_t>::max() / 1000000;

Status Bad(std::string_view text, std::string_view why) {
  return InvalidArgument("not a valid duration string: \"" + std::string(text) + "\"" +
                         (why.empty() ? std::string() : " (" + std::string(why) + ")"));
}

}  // namespace

Result<DurationMs> ParseDuration(std::string_view text) {
  if (text.empty()) return InvalidArgument("empty duration string");
  if (text == "0") return DurationMs{0};
  std::string_view rest = text;
  std::size_t next_unit = 0;
  DurationMs total = 0;
  while (!rest.empty()) {
    std::size_t digits = 0;
    DurationMs n = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
      if (n > kMaxDurationMs) return Bad(text, "out of range");
      n = n * 10 + (rest[digits] - '0');
      ++digits;
    }
    if (digits == 0) return Bad(text, "expected a number followed by one of y, w, d, h, m, s, ms");
    std::size_t letters = digits;
    while (letters < rest.size() && (rest[letters] < '0' || rest[letters] > '9')) ++letters;
    const std::string_view unit = rest.substr(digits, letters - digits);
    while (next_unit < kUnits.size() && kUnits[next_unit].name != unit) ++next_unit;
    if (next_unit == kUnits.size()) {
      return Bad(text, "units are y, w, d, h, m, s, ms, each at most once and in this order");
    }
    if (n > (kMaxDurationMs - total) / kUnits[next_unit].ms) return Bad(text, "out of range");
    total += n * kUnits[next_unit].ms;
    ++next_unit;
    rest.remove_prefix(letters);
  }
  return total;
}

std::string FormatDuration(DurationMs duration) {
  if (duration == 0) return "0s";
  std::string out;
  if (duration < 0) {
    out = "-";
    duration = -duration;
  }
  for (const Unit& unit : kUnits) {
    if (unit.only_when_exact && duration % unit.ms != 0) continue;
    if (const DurationMs n = duration / unit.ms; n > 0) {
      out += std::to_string(n);
      out += unit.name;
      duration -= n * unit.ms;
    }
  }
  return out;
}

Result<std::uint64_t> ParseBytes(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
  const std::string_view unit = text.substr(end);
  const auto number = ParseFloat(text.substr(0, end));
  int power = -1;
  constexpr std::string_view kPrefixes = "KMGTPE";
  if (unit.empty() || unit == "B") power = 0;
  if (unit.size() >= 2 && unit.back() == 'B') {
    const auto at = kPrefixes.find(unit[0]);
    if (at != std::string_view::npos && (unit.size() == 2 || (unit.size() == 3 && unit[1] == 'i'))) {
      power = static_cast<int>(at) + 1;
    }
  }
  if (!number || power < 0) {
    return InvalidArgument("not a valid size: \"" + std::string(text) +
                           "\" (expected a number and B, KB, MB, GB, TB, PB or EB)");
  }
  const double bytes = *number * std::pow(1024.0, power);
  if (!(bytes < 9.2e18)) return InvalidArgument("size out of range: \"" + std::string(text) + "\"");
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace cachescope
