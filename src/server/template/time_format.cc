// Go's time layouts: a layout is the reference time "Mon Jan 2 15:04:05 MST 2006" written as the user wants to see his.
#include <array>
#include <cstdlib>

#include "server/template/go_time.h"

namespace cachescope::templating {
namespace {

constexpr std::size_t kMaxLayoutBytes = 1024;

enum class Part : unsigned char {
  kLongMonth,
  kMonth,
  kNumMonth,
  kZeroMonth,
  kLongWeekday,
  kWeekday,
  kDay,
  kUnderDay,
  kZeroDay,
  kUnderYearDay,
  kZeroYearDay,
  kHour,
  kHour12,
  kZeroHour12,
  kMinute,
  kZeroMinute,
  kSecond,
  kZeroSecond,
  kLongYear,
  kYear,
  kPm,
  kLowerPm,
  kZoneName,
  kIsoZone,       // Z0700
  kIsoZoneSec,    // Z070000
  kIsoZoneHour,   // Z07
  kIsoZoneColon,  // Z07:00
  kIsoZoneColonSec,
  kNumZone,      // -0700
  kNumZoneSec,   // -070000
  kNumZoneHour,  // -07
  kNumZoneColon,
  kNumZoneColonSec,
  kFraction,      // .000
  kFractionTrim,  // .999
};

struct Word {
  std::string_view text;
  Part part;
};

// Longer spellings first where one begins another.
constexpr std::array kWords = {
    Word{"January", Part::kLongMonth},
    Word{"Jan", Part::kMonth},
    Word{"Monday", Part::kLongWeekday},
    Word{"Mon", Part::kWeekday},
    Word{"MST", Part::kZoneName},
    Word{"002", Part::kZeroYearDay},
    Word{"01", Part::kZeroMonth},
    Word{"02", Part::kZeroDay},
    Word{"03", Part::kZeroHour12},
    Word{"04", Part::kZeroMinute},
    Word{"05", Part::kZeroSecond},
    Word{"06", Part::kYear},
    Word{"15", Part::kHour},
    Word{"1", Part::kNumMonth},
    Word{"2006", Part::kLongYear},
    Word{"2", Part::kDay},
    Word{"__2", Part::kUnderYearDay},
    Word{"_2", Part::kUnderDay},
    Word{"3", Part::kHour12},
    Word{"4", Part::kMinute},
    Word{"5", Part::kSecond},
    Word{"PM", Part::kPm},
    Word{"pm", Part::kLowerPm},
    Word{"-070000", Part::kNumZoneSec},
    Word{"-07:00:00", Part::kNumZoneColonSec},
    Word{"-0700", Part::kNumZone},
    Word{"-07:00", Part::kNumZoneColon},
    Word{"-07", Part::kNumZoneHour},
    Word{"Z070000", Part::kIsoZoneSec},
    Word{"Z07:00:00", Part::kIsoZoneColonSec},
    Word{"Z0700", Part::kIsoZone},
    Word{"Z07:00", Part::kIsoZoneColon},
    Word{"Z07", Part::kIsoZoneHour},
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// ".000" or ",999": a run of one of the two digits that no other digit follows.
std::size_t FractionLength(std::string_view text) {
  if (text.size() < 2 || (text[0] != '.' && text[0] != ',') || (text[1] != '0' && text[1] != '9')) return 0;
  std::size_t end = 1;
  while (end < text.size() && text[end] == text[1]) ++end;
  return end < text.size() && IsDigit(text[end]) ? 0 : end;
}

// The part `layout` begins with.
bool PartAt(std::string_view layout, Part* part, std::size_t* length) {
  if (const std::size_t n = FractionLength(layout); n > 0) {
    *part = layout[1] == '0' ? Part::kFraction : Part::kFractionTrim;
    *length = n;
    return true;
  }
  for (const Word& word : kWords) {
    if (!layout.starts_with(word.text)) continue;
    // "_2006" is a literal underscore and a year; "Janet" is no month.
    if (word.part == Part::kUnderDay && layout.starts_with("_2006")) continue;
    if (word.part == Part::kMonth && layout.size() > 3 && layout[3] >= 'a' && layout[3] <= 'z') continue;
    *part = word.part;
    *length = word.text.size();
    return true;
  }
  return false;
}

void Pad(std::string* out, std::int64_t value, std::size_t width, char fill = '0') {
  const std::string digits = std::to_string(value < 0 ? -value : value);
  if (value < 0) out->push_back('-');
  if (digits.size() < width) out->append(width - digits.size(), fill);
  *out += digits;
}

void Zone(std::string* out, int offset, bool minutes, bool seconds, bool colon) {
  out->push_back(offset < 0 ? '-' : '+');
  const int size = std::abs(offset);
  Pad(out, size / 3600, 2);
  if (minutes || seconds) {
    if (colon) out->push_back(':');
    Pad(out, size / 60 % 60, 2);
  }
  if (seconds) {
    if (colon) out->push_back(':');
    Pad(out, size % 60, 2);
  }
}

void ZonePart(std::string* out, const CivilTime& c, Part part) {
  const bool iso = part == Part::kIsoZone || part == Part::kIsoZoneSec || part == Part::kIsoZoneHour ||
                   part == Part::kIsoZoneColon || part == Part::kIsoZoneColonSec;
  if (iso && c.offset_seconds == 0) {
    out->push_back('Z');
    return;
  }
  const bool colon = part == Part::kIsoZoneColon || part == Part::kIsoZoneColonSec || part == Part::kNumZoneColon ||
                     part == Part::kNumZoneColonSec;
  const bool seconds = part == Part::kIsoZoneSec || part == Part::kIsoZoneColonSec || part == Part::kNumZoneSec ||
                       part == Part::kNumZoneColonSec;
  const bool hour_only = part == Part::kIsoZoneHour || part == Part::kNumZoneHour;
  Zone(out, c.offset_seconds, !hour_only, seconds, colon);
}

void Fraction(std::string* out, std::int32_t nanos, std::string_view spelled) {
  std::string digits;
  Pad(&digits, nanos, 9);
  digits.resize(std::min<std::size_t>(spelled.size() - 1, 9));
  if (spelled.size() - 1 > 9) digits.append(spelled.size() - 10, '0');
  if (spelled[1] == '9') {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.empty()) return;
  }
  out->push_back(spelled[0]);
  *out += digits;
}

void DatePart(std::string* out, const CivilTime& c, Part part) {
  switch (part) {
    case Part::kLongMonth:
      *out += MonthName(c.month);
      return;
    case Part::kMonth:
      *out += MonthName(c.month).substr(0, 3);
      return;
    case Part::kNumMonth:
    case Part::kZeroMonth:
      return Pad(out, c.month, part == Part::kZeroMonth ? 2 : 1);
    case Part::kLongWeekday:
      *out += WeekdayName(c.weekday);
      return;
    case Part::kWeekday:
      *out += WeekdayName(c.weekday).substr(0, 3);
      return;
    case Part::kDay:
      return Pad(out, c.day, 1);
    case Part::kUnderDay:
      return Pad(out, c.day, 2, ' ');
    case Part::kZeroDay:
      return Pad(out, c.day, 2);
    case Part::kUnderYearDay:
      return Pad(out, c.year_day, 3, ' ');
    case Part::kZeroYearDay:
      return Pad(out, c.year_day, 3);
    case Part::kLongYear:
      return Pad(out, c.year, 4);
    case Part::kYear:
      return Pad(out, (c.year % 100 + 100) % 100, 2);
    default:
      return;
  }
}

void ClockPart(std::string* out, const CivilTime& c, Part part) {
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  switch (part) {
    case Part::kHour:
      return Pad(out, c.hour, 2);
    case Part::kHour12:
    case Part::kZeroHour12:
      return Pad(out, hour12, part == Part::kZeroHour12 ? 2 : 1);
    case Part::kMinute:
    case Part::kZeroMinute:
      return Pad(out, c.minute, part == Part::kZeroMinute ? 2 : 1);
    case Part::kSecond:
    case Part::kZeroSecond:
      return Pad(out, c.second, part == Part::kZeroSecond ? 2 : 1);
    case Part::kPm:
      *out += c.hour >= 12 ? "PM" : "AM";
      return;
    case Part::kLowerPm:
      *out += c.hour >= 12 ? "pm" : "am";
      return;
    case Part::kZoneName:
      // A zone without a name is shown by its offset: +02, +0530.
      if (!c.zone_name.empty()) {
        *out += c.zone_name;
      } else {
        Zone(out, c.offset_seconds, true, false, false);
      }
      return;
    default:
      DatePart(out, c, part);
  }
}

}  // namespace

std::string FormatTime(const Time& time, std::string_view layout) {
  layout = layout.substr(0, kMaxLayoutBytes);
  const CivilTime civil = ToCivil(time);
  std::string out;
  while (!layout.empty()) {
    Part part{};
    std::size_t length = 1;
    if (!PartAt(layout, &part, &length)) {
      out.push_back(layout[0]);
    } else if (part == Part::kFraction || part == Part::kFractionTrim) {
      Fraction(&out, time.nanos, layout.substr(0, length));
    } else if (part >= Part::kIsoZone && part <= Part::kNumZoneColonSec) {
      ZonePart(&out, civil, part);
    } else {
      ClockPart(&out, civil, part);
    }
    layout.remove_prefix(length);
  }
  return out;
}

}  // namespace cachescope::templating
