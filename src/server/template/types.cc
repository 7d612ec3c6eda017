// The types every template may meet: maps, lists of texts, times and their parts.
#include <cmath>

#include "server/template/type.h"

namespace cachescope::templating {
namespace {

Status WrongType(std::string_view want, const Value& got) {
  return InvalidArgument("wrong type for value; expected " + std::string(want) + "; got " +
                         std::string(got.TypeName()));
}

Result<Time> TimeArgument(const Value& value) {
  if (value.AsTime() == nullptr) return WrongType("time.Time", value);
  return *value.AsTime();
}

Result<DurationNs> DurationArgument(const Value& value) {
  if (value.AsInt() == nullptr || (value.type() != nullptr && value.type() != &DurationType()))
    return WrongType("time.Duration", value);
  return *value.AsInt();
}

// Time.

template <int CivilTime::*part>
Result<Value> Part(const Value& self, Args) {
  return Value(ToCivil(*self.AsTime()).*part);
}

template <bool (*accept)(int)>
Result<Value> CompareTo(const Value& self, Args args) {
  CACHESCOPE_ASSIGN_OR_RETURN(const Time other, TimeArgument(args[0]));
  return Value(accept(Compare(*self.AsTime(), other)));
}
bool IsBefore(int order) { return order < 0; }
bool IsAfter(int order) { return order > 0; }
bool IsEqual(int order) { return order == 0; }

template <std::int64_t per_second>
Result<Value> Unix(const Value& self, Args) {
  const Time& t = *self.AsTime();
  const auto whole = static_cast<std::uint64_t>(t.seconds) * static_cast<std::uint64_t>(per_second);
  return Value(static_cast<std::int64_t>(whole + static_cast<std::uint64_t>(t.nanos / (kSecondNs / per_second))));
}

Result<Value> Format(const Value& self, Args args) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string layout, TextArgument(args[0]));
  return Value(FormatTime(*self.AsTime(), layout));
}

Result<Value> TimeText(const Value& self, Args) { return Value(self.Text()); }

Result<Value> InUtc(const Value& self, Args) {
  Time out = *self.AsTime();
  out.zone = nullptr;
  return Value(std::move(out));
}

Result<Value> InLocal(const Value& self, Args) {
  Time out = *self.AsTime();
  CACHESCOPE_ASSIGN_OR_RETURN(out.zone, LoadZone("Local"));
  return Value(std::move(out));
}

Result<Value> AddTo(const Value& self, Args args) {
  CACHESCOPE_ASSIGN_OR_RETURN(const DurationNs by, DurationArgument(args[0]));
  return Value(Add(*self.AsTime(), by));
}

Result<Value> SubtractFrom(const Value& self, Args args) {
  CACHESCOPE_ASSIGN_OR_RETURN(const Time other, TimeArgument(args[0]));
  return Value::Duration(Subtract(*self.AsTime(), other));
}

Result<Value> AddDate(const Value& self, Args args) {
  std::int64_t by[3];
  for (std::size_t i = 0; i < 3; ++i) {
    CACHESCOPE_ASSIGN_OR_RETURN(by[i], IntArgument(args[i]));
    if (std::abs(by[i]) > 1'000'000) return InvalidArgument("date out of range");
  }
  Time out = *self.AsTime();
  const CivilTime c = ToCivil(out);
  out.seconds =
      FromCivil(c.year + by[0], c.month + by[1], c.day + by[2], c.hour, c.minute, c.second) - c.offset_seconds;
  return Value(std::move(out));
}

std::int64_t Rounded(std::int64_t value, std::int64_t unit, bool to_nearest) {
  if (unit <= 0) return value;
  const std::int64_t rest = value % unit;
  std::int64_t out = value - rest;
  if (to_nearest && std::abs(rest) >= unit - std::abs(rest)) out += value < 0 ? -unit : unit;
  return out;
}

template <bool to_nearest>
Result<Value> RoundTime(const Value& self, Args args) {
  CACHESCOPE_ASSIGN_OR_RETURN(const DurationNs unit, DurationArgument(args[0]));
  if (unit <= 0) return self;
  const Time& t = *self.AsTime();
  // Counted from the zero time, as Go does.
  const __int128 since = (static_cast<__int128>(t.seconds) - kZeroTimeSeconds) * kSecondNs + t.nanos;
  auto rest = static_cast<std::int64_t>(since % unit);
  if (rest < 0) rest += unit;
  return Value(Add(t, to_nearest && rest >= unit - rest ? unit - rest : -rest));
}

// Duration.

template <std::int64_t unit>
Result<Value> FloatOf(const Value& self, Args) {
  const std::int64_t n = *self.AsInt();
  return Value(static_cast<double>(n / unit) + static_cast<double>(n % unit) / static_cast<double>(unit));
}
template <std::int64_t unit>
Result<Value> WholeOf(const Value& self, Args) {
  return Value(*self.AsInt() / unit);
}
template <bool to_nearest>
Result<Value> RoundDuration(const Value& self, Args args) {
  CACHESCOPE_ASSIGN_OR_RETURN(const DurationNs unit, DurationArgument(args[0]));
  return Value::Duration(Rounded(*self.AsInt(), unit, to_nearest));
}
Result<Value> AbsDuration(const Value& self, Args) {
  const std::int64_t n = *self.AsInt();
  return Value::Duration(n == INT64_MIN ? INT64_MAX : std::abs(n));
}

std::string DurationText(const Value& self) { return FormatGoDuration(*self.AsInt()); }
std::string MonthText(const Value& self) { return std::string(MonthName(static_cast<int>(*self.AsInt()))); }
std::string WeekdayText(const Value& self) { return std::string(WeekdayName(static_cast<int>(*self.AsInt()))); }

Type* MakeTimeType() {
  return new Type{
      .name = "time.Time",
      .methods = {
          {"Format", 1, Format},
          {"String", 0, TimeText},
          {"UTC", 0, InUtc},
          {"Local", 0, InLocal},
          {"Unix", 0, Unix<1>},
          {"UnixMilli", 0, Unix<1000>},
          {"UnixMicro", 0, Unix<1'000'000>},
          {"UnixNano", 0, Unix<kSecondNs>},
          {"IsZero", 0,
           [](const Value& self, Args) -> Result<Value> {
             return Value(self.AsTime()->seconds == kZeroTimeSeconds && self.AsTime()->nanos == 0);
           }},
          {"Before", 1, CompareTo<IsBefore>},
          {"After", 1, CompareTo<IsAfter>},
          {"Equal", 1, CompareTo<IsEqual>},
          {"Sub", 1, SubtractFrom},
          {"Add", 1, AddTo},
          {"AddDate", 3, AddDate},
          {"Truncate", 1, RoundTime<false>},
          {"Round", 1, RoundTime<true>},
          {"Year", 0, [](const Value& self, Args) -> Result<Value> { return Value(ToCivil(*self.AsTime()).year); }},
          {"Month", 0,
           [](const Value& self, Args) -> Result<Value> {
             return Value(ToCivil(*self.AsTime()).month).As(&MonthType());
           }},
          {"Weekday", 0,
           [](const Value& self, Args) -> Result<Value> {
             return Value(ToCivil(*self.AsTime()).weekday).As(&WeekdayType());
           }},
          {"Day", 0, Part<&CivilTime::day>},
          {"Hour", 0, Part<&CivilTime::hour>},
          {"Minute", 0, Part<&CivilTime::minute>},
          {"Second", 0, Part<&CivilTime::second>},
          {"YearDay", 0, Part<&CivilTime::year_day>},
          {"Nanosecond", 0, [](const Value& self, Args) -> Result<Value> { return Value(self.AsTime()->nanos); }},
      }};
}

Type* MakeDurationType() {
  return new Type{
      .name = "time.Duration",
      .methods = {{"String", 0, [](const Value& self, Args) -> Result<Value> { return Value(self.Text()); }},
                  {"Hours", 0, FloatOf<3600 * kSecondNs>},
                  {"Minutes", 0, FloatOf<60 * kSecondNs>},
                  {"Seconds", 0, FloatOf<kSecondNs>},
                  {"Milliseconds", 0, WholeOf<1'000'000>},
                  {"Microseconds", 0, WholeOf<1000>},
                  {"Nanoseconds", 0, WholeOf<1>},
                  {"Round", 1, RoundDuration<true>},
                  {"Truncate", 1, RoundDuration<false>},
                  {"Abs", 0, AbsDuration}},
      .text = DurationText};
}

}  // namespace

// Types live for ever: values may outlive everything else.
const Type& StringMapType() {
  static const Type& type = *new Type{.name = "map[string]string", .missing = Type::Missing::kEmptyText};
  return type;
}
const Type& AnyMapType() {
  static const Type& type = *new Type{.name = "map[string]interface {}", .missing = Type::Missing::kNothing};
  return type;
}
const Type& StringsType() {
  static const Type& type = *new Type{.name = "[]string"};
  return type;
}
const Type& TimeType() {
  static const Type& type = *MakeTimeType();
  return type;
}
const Type& DurationType() {
  static const Type& type = *MakeDurationType();
  return type;
}
const Type& MonthType() {
  static const Type& type =
      *new Type{.name = "time.Month",
                .methods = {{"String", 0, [](const Value& self, Args) -> Result<Value> { return Value(self.Text()); }}},
                .text = MonthText};
  return type;
}
const Type& WeekdayType() {
  static const Type& type =
      *new Type{.name = "time.Weekday",
                .methods = {{"String", 0, [](const Value& self, Args) -> Result<Value> { return Value(self.Text()); }}},
                .text = WeekdayText};
  return type;
}
const Type& HtmlType() {
  static const Type& type = *new Type{.name = "template.HTML"};
  return type;
}
const Type& UrlType() {
  static const Type& type = *new Type{.name = "template.URL"};
  return type;
}

const Type* MethodsOf(const Value& value) {
  if (value.type() != nullptr) return value.type();
  return value.AsTime() != nullptr ? &TimeType() : nullptr;
}

Result<std::string> TextArgument(const Value& value) {
  if (value.AsString() == nullptr || value.type() != nullptr) return WrongType("string", value);
  return *value.AsString();
}

Result<std::int64_t> IntArgument(const Value& value) {
  if (value.AsInt() == nullptr || value.type() != nullptr) return WrongType("int", value);
  return *value.AsInt();
}

}  // namespace cachescope::templating
