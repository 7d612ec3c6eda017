// Named spans of the calendar in which a route is muted or active. Immutable after parsing; the wall clock counts.
// https://prometheus.io/docs/alerting/latest/configuration/#time_interval
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config_node.h"

namespace cachescope::notify {

// Both ends belong to it, but the end of a time of day.
struct CalendarRange {
  int begin = 0;
  int end = 0;
};

// One specification: an instant must satisfy every list that is given, and of a list one range.
struct TimeSpan {
  std::vector<CalendarRange> minutes;        // of the day, the end excluded
  std::vector<CalendarRange> weekdays;       // 0 = Sunday
  std::vector<CalendarRange> days_of_month;  // negative: from the end, -1 is the last
  std::vector<CalendarRange> months;         // 1…12
  std::vector<CalendarRange> years;
  bool has_minutes = false, has_weekdays = false, has_days = false, has_months = false, has_years = false;
  std::string location;  // IANA name; empty: UTC

  bool Contains(TimestampMs t) const;
};

struct TimeInterval {
  std::string name;
  std::vector<TimeSpan> spans;  // any of them

  bool Contains(TimestampMs t) const;
};

// `{name, time_intervals: [...]}`. `what` names it in messages. kInvalidArgument with place.
Result<TimeInterval> ParseTimeInterval(const ConfigNode& node, const std::string& what);
// One element of the inner list.
Result<TimeSpan> ParseTimeSpan(const ConfigNode& node);

}  // namespace cachescope::notify
