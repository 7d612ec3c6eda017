#include "server/template/go_time.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

namespace cachescope::templating {
namespace {

constexpr std::int64_t kDaySeconds = 86400;

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

// Days since the epoch of a date of the Gregorian calendar, counted from the first of March of the year 0 so that the
// leap day ends a year.
std::int64_t DaysOf(std::int64_t year, std::int64_t month, std::int64_t day) {
  year += FloorDiv(month - 1, 12);
  month = (month - 1) - FloorDiv(month - 1, 12) * 12 + 1;
  if (month <= 2) --year;
  const std::int64_t era = FloorDiv(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468 + (day - 1);
}

void DateOf(std::int64_t days, CivilTime* out) {
  days += 719468;
  const std::int64_t era = FloorDiv(days, 146097);
  const std::int64_t of_era = days - era * 146097;
  const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * of_year + 2) / 153;
  out->day = static_cast<int>(of_year - (153 * shifted + 2) / 5 + 1);
  out->month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  out->year = year_of_era + era * 400 + (out->month <= 2 ? 1 : 0);
}

// Reads `digits` digits at *at.
bool ReadDigits(std::string_view text, std::size_t* at, std::size_t digits, int* out) {
  if (text.size() - *at < digits) return false;
  *out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[*at + i];
    if (c < '0' || c > '9') return false;
    *out = *out * 10 + (c - '0');
  }
  *at += digits;
  return true;
}

bool ReadChar(std::string_view text, std::size_t* at, std::string_view any_of) {
  if (*at >= text.size() || any_of.find(text[*at]) == std::string_view::npos) return false;
  ++*at;
  return true;
}

bool ReadFraction(std::string_view text, std::size_t* at, std::int32_t* nanos) {
  if (*at >= text.size() || text[*at] != '.') return true;
  std::int32_t unit = 100'000'000;
  const std::size_t begin = ++*at;
  for (; *at < text.size() && std::isdigit(static_cast<unsigned char>(text[*at])) != 0; ++*at) {
    *nanos += (text[*at] - '0') * unit;
    unit /= 10;
  }
  return *at > begin;
}

}  // namespace

std::string_view MonthName(int month) { return kMonths[static_cast<std::size_t>(std::clamp(month, 1, 12) - 1)]; }
std::string_view WeekdayName(int weekday) { return kWeekdays[static_cast<std::size_t>(std::clamp(weekday, 0, 6))]; }

Time TimeOfMs(TimestampMs t) {
  Time out;
  if (t == 0) {
    out.seconds = kZeroTimeSeconds;
    return out;
  }
  out.seconds = FloorDiv(t, 1000);
  out.nanos = static_cast<std::int32_t>((t - out.seconds * 1000) * 1'000'000);
  return out;
}

std::optional<Time> ParseTime(std::string_view text) {
  std::size_t at = 0;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  Time out;
  if (!ReadDigits(text, &at, 4, &year) || !ReadChar(text, &at, "-") || !ReadDigits(text, &at, 2, &month) ||
      !ReadChar(text, &at, "-") || !ReadDigits(text, &at, 2, &day) || !ReadChar(text, &at, "Tt") ||
      !ReadDigits(text, &at, 2, &hour) || !ReadChar(text, &at, ":") || !ReadDigits(text, &at, 2, &minute) ||
      !ReadChar(text, &at, ":") || !ReadDigits(text, &at, 2, &second) || !ReadFraction(text, &at, &out.nanos) ||
      at >= text.size()) {
    return std::nullopt;
  }
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  if (day < 1 || DaysOf(year, month, day) >= DaysOf(year, month + 1, 1)) return std::nullopt;
  out.seconds = FromCivil(year, month, day, hour, minute, second);
  if (text.substr(at) == "Z" || text.substr(at) == "z") return out;
  int offset_hours = 0, offset_minutes = 0;
  const bool west = text[at] == '-';
  if (!ReadChar(text, &at, "+-") || !ReadDigits(text, &at, 2, &offset_hours) || !ReadChar(text, &at, ":") ||
      !ReadDigits(text, &at, 2, &offset_minutes) || at != text.size() || offset_hours > 23 || offset_minutes > 59) {
    return std::nullopt;
  }
  const int offset = (offset_hours * 3600 + offset_minutes * 60) * (west ? -1 : 1);
  out.seconds -= offset;
  if (offset != 0) out.zone = FixedZone(offset, "");
  return out;
}

CivilTime ToCivil(const Time& time) {
  CivilTime out;
  out.zone_name = "UTC";
  if (time.zone != nullptr) {
    ZoneOffset offset = OffsetAt(*time.zone, time.seconds);
    out.offset_seconds = offset.seconds;
    out.zone_name = std::move(offset.name);
  }
  const std::int64_t local = time.seconds + out.offset_seconds;
  const std::int64_t days = FloorDiv(local, kDaySeconds);
  const auto rest = static_cast<int>(local - days * kDaySeconds);
  DateOf(days, &out);
  out.hour = rest / 3600;
  out.minute = rest / 60 % 60;
  out.second = rest % 60;
  out.weekday = static_cast<int>(days + 4 - FloorDiv(days + 4, 7) * 7);
  out.year_day = static_cast<int>(days - DaysOf(out.year, 1, 1)) + 1;
  return out;
}

std::int64_t FromCivil(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour, std::int64_t minute,
                       std::int64_t second) {
  return DaysOf(year, month, day) * kDaySeconds + hour * 3600 + minute * 60 + second;
}

int Compare(const Time& a, const Time& b) {
  if (a.seconds != b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

DurationNs Subtract(const Time& a, const Time& b) {
  const __int128 wide = (static_cast<__int128>(a.seconds) - b.seconds) * kSecondNs + (a.nanos - b.nanos);
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  return wide > kMax ? kMax : wide < kMin ? kMin : static_cast<DurationNs>(wide);
}

Time Add(Time time, DurationNs by) {
  const std::int64_t nanos = time.nanos + by % kSecondNs;
  const std::int64_t carry = FloorDiv(nanos, kSecondNs);
  time.seconds += by / kSecondNs + carry;
  time.nanos = static_cast<std::int32_t>(nanos - carry * kSecondNs);
  return time;
}

namespace {

// "1.5" of 1500 with 3 decimals: no zeros at the end.
std::string Decimal(std::uint64_t value, int decimals) {
  std::uint64_t unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  std::string out = std::to_string(value / unit);
  if (value % unit == 0) return out;
  std::string fraction = std::to_string(value % unit + unit).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return out + "." + fraction;
}

}  // namespace

std::string FormatGoDuration(DurationNs duration) {
  if (duration == 0) return "0s";
  const std::string sign = duration < 0 ? "-" : "";
  const std::uint64_t n =
      duration < 0 ? ~static_cast<std::uint64_t>(duration) + 1 : static_cast<std::uint64_t>(duration);
  if (n < 1000) return sign + std::to_string(n) + "ns";
  if (n < 1'000'000) return sign + Decimal(n, 3) + "µs";
  if (n < static_cast<std::uint64_t>(kSecondNs)) return sign + Decimal(n, 6) + "ms";
  constexpr std::uint64_t kMinute = 60ull * kSecondNs;
  std::string out = Decimal(n % kMinute, 9) + "s";
  const std::uint64_t minutes = n / kMinute;
  if (minutes > 0) out = std::to_string(minutes % 60) + "m" + out;
  if (minutes >= 60) out = std::to_string(minutes / 60) + "h" + out;
  return sign + out;
}

}  // namespace cachescope::templating
