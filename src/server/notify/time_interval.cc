#include "server/notify/time_interval.h"

#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace cachescope::notify {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<int> Number(std::string_view text) {
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<int> Weekday(std::string_view text) {
  const auto at = std::find(kWeekdays.begin(), kWeekdays.end(), Lower(text));
  if (at == kWeekdays.end()) return std::nullopt;
  return static_cast<int>(at - kWeekdays.begin());
}

std::optional<int> Month(std::string_view text) {
  const auto at = std::find(kMonths.begin(), kMonths.end(), Lower(text));
  if (at != kMonths.end()) return static_cast<int>(at - kMonths.begin()) + 1;
  const auto number = Number(text);
  return number && *number >= 1 && *number <= 12 ? number : std::nullopt;
}

std::optional<int> DayOfMonth(std::string_view text) {
  const auto number = Number(text);
  return number && *number != 0 && *number >= -31 && *number <= 31 ? number : std::nullopt;
}

// Minutes since midnight of "HH:MM", 24:00 included.
std::optional<int> Minute(std::string_view text) {
  if (text == "24:00") return 24 * 60;
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -1; };
  if (digit(0) < 0 || digit(1) < 0 || digit(3) < 0 || digit(4) < 0) return std::nullopt;
  const int hour = digit(0) * 10 + digit(1);
  const int minute = digit(3) * 10 + digit(4);
  return hour <= 23 && minute <= 59 ? std::optional<int>(hour * 60 + minute) : std::nullopt;
}

// "a" or "a:b".
Result<CalendarRange> ParseRange(const ConfigNode& node, std::optional<int> (*value)(std::string_view),
                                 const char* what) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, node.AsString());
  const auto colon = text.find(':');
  const auto begin = value(std::string_view(text).substr(0, colon));
  const auto end = colon == std::string::npos ? begin : value(std::string_view(text).substr(colon + 1));
  if (!begin || !end) return node.Error("\"" + text + "\" is not a valid " + what);
  return CalendarRange{*begin, *end};
}

Status ReadRanges(const ConfigNode& list, std::optional<int> (*value)(std::string_view), const char* what,
                  std::vector<CalendarRange>* out, bool* given) {
  if (!list.IsSequence()) return list.Error(std::string("expected a list of ") + what + " ranges");
  *given = true;
  for (const ConfigNode& item : list.items()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const CalendarRange range, ParseRange(item, value, what));
    if (value != DayOfMonth && range.begin > range.end)
      return item.Error(std::string("the start ") + what + " must not be after the end " + what);
    out->push_back(range);
  }
  return {};
}

Status CheckDays(const ConfigNode& list, const std::vector<CalendarRange>& ranges) {
  // Months of other lengths are clamped when they are there; blatant errors are seen in one of 31 days.
  for (const CalendarRange& range : ranges) {
    if (range.begin < 0 && range.end > 0) return list.Error("end day must be negative if start day is negative");
    const int begin = range.begin < 0 ? 31 + range.begin + 1 : range.begin;
    const int end = range.end < 0 ? 31 + range.end + 1 : range.end;
    if (begin > end) {
      return list.Error("end day " + std::to_string(range.end) + " is always before start day " +
                        std::to_string(range.begin));
    }
  }
  return {};
}

Status ReadTimes(const ConfigNode& list, TimeSpan* span) {
  if (!list.IsSequence()) return list.Error("expected a list of time ranges");
  span->has_minutes = true;
  for (const ConfigNode& item : list.items()) {
    std::string start;
    std::string end;
    CACHESCOPE_RETURN_IF_ERROR(
        MappingReader(item, "time range").String("start_time", &start).String("end_time", &end).Finish());
    if (start.empty() || end.empty()) return item.Error("both start and end times must be provided");
    const auto first = Minute(start);
    const auto last = Minute(end);
    if (!first) return item.Error("couldn't parse timestamp " + start + ", invalid format");
    if (!last) return item.Error("couldn't parse timestamp " + end + ", invalid format");
    if (*first >= *last) return item.Error("start time cannot be equal or greater than end time");
    span->minutes.push_back({*first, *last});
  }
  return {};
}

bool Zone(const std::string& name, absl::TimeZone* zone) {
  if (name.empty() || name == "UTC") {
    *zone = absl::UTCTimeZone();
    return true;
  }
  if (name == "Local") {
    *zone = absl::LocalTimeZone();
    return true;
  }
  return absl::LoadTimeZone(name, zone);
}

bool InAny(const std::vector<CalendarRange>& ranges, int value) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const CalendarRange& r) { return value >= r.begin && value <= r.end; });
}

bool DayInAny(const std::vector<CalendarRange>& ranges, int day, int days) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const CalendarRange& r) {
    const int begin = r.begin < 0 ? days + r.begin + 1 : r.begin;
    const int end = r.end < 0 ? days + r.end + 1 : r.end;
    return begin <= days && day >= begin && day <= end;
  });
}

}  // namespace

bool TimeSpan::Contains(TimestampMs t) const {
  absl::TimeZone zone;
  if (!Zone(location, &zone)) return false;
  const absl::CivilSecond civil = zone.At(absl::FromUnixMillis(t)).cs;
  const int minute = civil.hour() * 60 + civil.minute();
  if (has_minutes && !std::any_of(minutes.begin(), minutes.end(),
                                  [&](const CalendarRange& r) { return minute >= r.begin && minute < r.end; }))
    return false;
  const absl::CivilDay day(civil);
  const int days =
      static_cast<int>(absl::CivilDay(absl::CivilMonth(civil) + 1) - absl::CivilDay(absl::CivilMonth(civil)));
  if (has_days && !DayInAny(days_of_month, day.day(), days)) return false;
  if (has_months && !InAny(months, day.month())) return false;
  // absl begins its week on Monday.
  if (has_weekdays && !InAny(weekdays, (static_cast<int>(absl::GetWeekday(day)) + 1) % 7)) return false;
  return !has_years || InAny(years, static_cast<int>(day.year()));
}

bool TimeInterval::Contains(TimestampMs t) const {
  return std::any_of(spans.begin(), spans.end(), [t](const TimeSpan& span) { return span.Contains(t); });
}

Result<TimeSpan> ParseTimeSpan(const ConfigNode& node) {
  TimeSpan span;
  MappingReader reader(node, "time interval");
  reader.Node("times", [&](const ConfigNode& n) { return ReadTimes(n, &span); })
      .Node("weekdays",
            [&](const ConfigNode& n) { return ReadRanges(n, Weekday, "weekday", &span.weekdays, &span.has_weekdays); })
      .Node("days_of_month",
            [&](const ConfigNode& n) -> Status {
              CACHESCOPE_RETURN_IF_ERROR(
                  ReadRanges(n, DayOfMonth, "day of the month", &span.days_of_month, &span.has_days));
              return CheckDays(n, span.days_of_month);
            })
      .Node("months",
            [&](const ConfigNode& n) { return ReadRanges(n, Month, "month", &span.months, &span.has_months); })
      .Node("years", [&](const ConfigNode& n) { return ReadRanges(n, Number, "year", &span.years, &span.has_years); })
      .String("location", &span.location);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  absl::TimeZone zone;
  if (!Zone(span.location, &zone)) return node.Error("unknown time zone " + span.location);
  return span;
}

Result<TimeInterval> ParseTimeInterval(const ConfigNode& node, const std::string& what) {
  TimeInterval out;
  MappingReader reader(node, what);
  reader.String("name", &out.name).Each("time_intervals", [&](const ConfigNode& n) -> Status {
    CACHESCOPE_ASSIGN_OR_RETURN(TimeSpan span, ParseTimeSpan(n));
    out.spans.push_back(std::move(span));
    return {};
  });
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (out.name.empty()) return node.Error("missing name in " + what);
  return out;
}

}  // namespace cachescope::notify
