// Instants and durations as Go's package time shows them: layouts such as "2006-01-02 15:04:05 MST", durations such as
// "1h2m3.5s". Pure but for LoadZone; everything here is thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cachescope::templating {

// A time zone: offsets from UTC over time (zone.cc). Immutable.
class Zone;

// Nanoseconds.
using DurationNs = std::int64_t;
inline constexpr DurationNs kSecondNs = 1'000'000'000;

struct Time {
  std::int64_t seconds = 0;          // since the Unix epoch; any year the calendar of int64 days reaches
  std::int32_t nanos = 0;            // 0 to 999'999'999
  std::shared_ptr<const Zone> zone;  // null: UTC
};

// The zero time of Go: the first of January of the year 1.
inline constexpr std::int64_t kZeroTimeSeconds = -62135596800;

// 0, which stands for "never" in our structures, becomes the zero time.
Time TimeOfMs(TimestampMs t);
// Date, "T", time with an optional fraction, then "Z" or an offset; an offset other than zero becomes a nameless zone.
std::optional<Time> ParseTime(std::string_view text);

// The parts of a time in its zone.
struct CivilTime {
  std::int64_t year = 1;
  int month = 1;  // 1 to 12
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int weekday = 0;   // 0 is Sunday
  int year_day = 1;  // 1 to 366
  int offset_seconds = 0;
  std::string zone_name;  // "UTC", "CET"; empty when the zone has none
};
CivilTime ToCivil(const Time& time);
// The seconds since the epoch of a civil time in UTC; months and days beyond their range carry over.
std::int64_t FromCivil(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour, std::int64_t minute,
                       std::int64_t second);

// Go's time.Time.Format. A layout longer than 1024 bytes is cut there.
std::string FormatTime(const Time& time, std::string_view layout);
// The layout fmt prints a time with.
inline constexpr std::string_view kDefaultTimeLayout = "2006-01-02 15:04:05.999999999 -0700 MST";
inline constexpr std::string_view kRfc3339NanoLayout = "2006-01-02T15:04:05.999999999Z07:00";

// a - b, clipped to what an int64 of nanoseconds holds.
DurationNs Subtract(const Time& a, const Time& b);
Time Add(Time time, DurationNs by);
// <0, 0, >0.
int Compare(const Time& a, const Time& b);

// "1h0m0.5s", "1.5ms", "0s".
std::string FormatGoDuration(DurationNs duration);

std::string_view MonthName(int month);      // 1 is January
std::string_view WeekdayName(int weekday);  // 0 is Sunday

struct ZoneOffset {
  int seconds = 0;
  std::string name;
};
ZoneOffset OffsetAt(const Zone& zone, std::int64_t unix_seconds);
std::shared_ptr<const Zone> FixedZone(int offset_seconds, std::string name);
// "" and "UTC" give UTC (null), "Local" the zone of the machine. kInvalidArgument for names that are no path below the
// zone directory, kNotFound for unknown ones. Zones are read once and kept.
Result<std::shared_ptr<const Zone>> LoadZone(std::string_view name);

}  // namespace cachescope::templating
