#include "base/rfc3339.h"

#include <fmt/format.h>

#include <ctime>

namespace cachescope {
namespace {

constexpr int kDaysOf[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// Takes `count` digits, and then `after` unless it is 0; -1 when they are not there.
int TakeNumber(std::string_view* text, std::size_t count, char after) {
  if (text->size() < count + (after != 0 ? 1 : 0)) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  if (after != 0 && (*text)[count] != after) return -1;
  text->remove_prefix(count + (after != 0 ? 1 : 0));
  return value;
}

// ".25" into 250; false when a point has no digit behind it.
bool TakeMillis(std::string_view* text, int* millis) {
  *millis = 0;
  if (text->empty() || text->front() != '.') return true;
  text->remove_prefix(1);
  int digits = 0;
  int scale = 100;
  for (; !text->empty() && text->front() >= '0' && text->front() <= '9'; text->remove_prefix(1), ++digits) {
    *millis += (text->front() - '0') * scale;
    scale /= 10;
  }
  return digits > 0;
}

bool TakeZone(std::string_view text, int* minutes) {
  *minutes = 0;
  if (text == "Z" || text == "z") return true;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return false;
  const bool west = text[0] == '-';
  text.remove_prefix(1);
  const int hour = TakeNumber(&text, 2, ':');
  const int minute = TakeNumber(&text, 2, 0);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  *minutes = (west ? -1 : 1) * (hour * 60 + minute);
  return true;
}

}  // namespace

std::string FormatRfc3339(TimestampMs t, TimeFraction fraction) {
  auto seconds = static_cast<std::time_t>(t / 1000);
  auto millis = static_cast<int>(t % 1000);
  if (millis < 0) {
    millis += 1000;
    --seconds;
  }
  std::tm utc{};
  if (gmtime_r(&seconds, &utc) == nullptr) utc = {};  // a year that no int holds
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<std::int64_t>(utc.tm_year) + 1900,
                                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  if (fraction == TimeFraction::kMillis || millis != 0) {
    out += fmt::format(".{:03}", millis);
    while (fraction == TimeFraction::kShortest && out.back() == '0') out.pop_back();
  }
  return out + "Z";
}

std::string FormatRfc3339OrNever(TimestampMs t) { return t == 0 ? "0001-01-01T00:00:00Z" : FormatRfc3339(t); }

std::optional<TimestampMs> ParseRfc3339(std::string_view text) {
  const int year = TakeNumber(&text, 4, '-');
  const int month = TakeNumber(&text, 2, '-');
  const int day = TakeNumber(&text, 2, 0);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > kDaysOf[month - 1]) return std::nullopt;
  if (month == 2 && day == 29 && !IsLeap(year)) return std::nullopt;
  if (text.empty() || (text.front() != 'T' && text.front() != 't')) return std::nullopt;
  text.remove_prefix(1);
  const int hour = TakeNumber(&text, 2, ':');
  const int minute = TakeNumber(&text, 2, ':');
  const int second = TakeNumber(&text, 2, 0);
  int millis = 0;
  int zone = 0;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || !TakeMillis(&text, &millis) ||
      !TakeZone(text, &zone)) {
    return std::nullopt;
  }
  std::tm tm{};
  tm.tm_year = year - 1900;
  tm.tm_mon = month - 1;
  tm.tm_mday = day;
  tm.tm_hour = hour;
  tm.tm_min = minute;
  tm.tm_sec = second;
  return (static_cast<TimestampMs>(timegm(&tm)) - TimestampMs{60} * zone) * 1000 + millis;
}

}  // namespace cachescope
