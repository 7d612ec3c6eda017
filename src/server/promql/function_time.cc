// timestamp and the calendar functions.
#include <cmath>
#include <cstdint>

#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

struct Date {
  std::int64_t year = 0;
  std::int64_t month = 0;  // 1 to 12
  std::int64_t day = 0;    // 1 to 31
};

// Proleptic Gregorian, for any day number since 1970-01-01: 400-year eras that begin on 1 March.
Date DateOfDay(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t in_era = days - era * 146'097;
  const std::int64_t year = (in_era - in_era / 1'460 + in_era / 36'524 - in_era / 146'096) / 365;
  const std::int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
  const std::int64_t shifted = (5 * in_year + 2) / 153;
  const std::int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year + era * 400 + (month <= 2 ? 1 : 0), month, in_year - (153 * shifted + 2) / 5 + 1};
}

bool IsLeap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr std::int64_t kDaysInMonth[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
constexpr std::int64_t kDaySeconds = 86'400;

// The part of a point in time (UTC) that the function asks for.
double DatePart(std::string_view name, double seconds) {
  std::int64_t days = 0;
  std::int64_t in_day = 0;
  if (seconds >= -0x1p63 && seconds < 0x1p63) {
    const auto whole = static_cast<std::int64_t>(seconds);
    days = whole / kDaySeconds - (whole % kDaySeconds < 0 ? 1 : 0);
    in_day = whole - days * kDaySeconds;
  } else {
    // NaN and what no integer holds: upstream's conversion gives -2^63 seconds, which its calendar takes for +2^63.
    constexpr std::uint64_t kWrapped = std::uint64_t{1} << 63;
    days = static_cast<std::int64_t>(kWrapped / kDaySeconds);
    in_day = static_cast<std::int64_t>(kWrapped % kDaySeconds);
  }
  if (name == "hour") return static_cast<double>(in_day / 3600);
  if (name == "minute") return static_cast<double>(in_day / 60 % 60);
  // 1970-01-01 was a Thursday.
  if (name == "day_of_week") return static_cast<double>(((days + 4) % 7 + 7) % 7);
  const Date date = DateOfDay(days);
  if (name == "year") return static_cast<double>(date.year);
  if (name == "month") return static_cast<double>(date.month);
  if (name == "day_of_month") return static_cast<double>(date.day);
  const std::int64_t leap_day = IsLeap(date.year) ? 1 : 0;
  if (name == "days_in_month")
    return static_cast<double>(kDaysInMonth[date.month - 1] + (date.month == 2 ? leap_day : 0));
  std::int64_t day_of_year = date.day + (date.month > 2 ? leap_day : 0);
  for (std::int64_t month = 1; month < date.month; ++month) day_of_year += kDaysInMonth[month - 1];
  return static_cast<double>(day_of_year);
}

}  // namespace

namespace {

// The argument as a plain selector; null for anything else.
const VectorSelector* PlainSelector(const Expr& arg) {
  if (arg.kind != ExprKind::kVectorSelector) return nullptr;
  const auto& selector = static_cast<const VectorSelector&>(arg);
  return selector.smoothed ? nullptr : &selector;
}

}  // namespace

Result<Value> CallTimestamp(const CallContext& c) {
  const VectorSelector* selector = PlainSelector(c.arg(0));
  SeriesBlock block(c.grid.steps);
  std::vector<TimestampMs> timestamps;
  if (selector != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(auto list, c.ev.SelectInstant(*selector, c.grid));
    CACHESCOPE_ASSIGN_OR_RETURN(
        block, c.ev.ReadTimed(std::move(list), c.ev.plan().times(*selector), c.grid, false, &timestamps));
  } else {
    CACHESCOPE_ASSIGN_OR_RETURN(block, c.Vector(0));
  }
  for (std::size_t row = 0; row < block.rows(); ++row) {
    for (std::size_t step = 0; step < c.grid.steps; ++step) {
      if (block.cells(row)[step] == Cell::kNone) continue;
      const TimestampMs t = timestamps.empty() ? c.grid.At(step) : timestamps[row * c.grid.steps + step];
      block.SetFloat(row, step, static_cast<double>(t) / 1000);
    }
  }
  return NamelessVector(&c.ev, std::move(block));
}

Result<Value> CallStartTimestamp(const CallContext& c) {
  const VectorSelector* selector = PlainSelector(c.arg(0));
  if (selector == nullptr || !c.ev.options().start_times) {
    // What is computed has no start time.
    CACHESCOPE_ASSIGN_OR_RETURN(const SeriesBlock block, c.Vector(0));
    return NamelessVector(&c.ev, SeriesBlock(block.steps()));
  }
  std::vector<TimestampMs> starts;
  CACHESCOPE_ASSIGN_OR_RETURN(auto list, c.ev.SelectInstant(*selector, c.grid));
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block,
                              c.ev.ReadTimed(std::move(list), c.ev.plan().times(*selector), c.grid, true, &starts));
  for (std::size_t row = 0; row < block.rows(); ++row) {
    for (std::size_t step = 0; step < c.grid.steps; ++step) {
      if (block.cells(row)[step] == Cell::kNone) continue;
      // 0 where no start time is known, as the reference engine has it.
      block.SetFloat(row, step, static_cast<double>(starts[row * c.grid.steps + step]) / 1000);
    }
  }
  return NamelessVector(&c.ev, std::move(block));
}

Result<Value> CallDate(const CallContext& c) {
  SeriesBlock block(c.grid.steps);
  if (c.args() == 0) {
    block.AddRow(Labels(), false);
    for (std::size_t step = 0; step < c.grid.steps; ++step) {
      block.SetFloat(0, step, DatePart(c.name(), std::floor(static_cast<double>(c.grid.At(step)) / 1000)));
    }
  } else {
    CACHESCOPE_ASSIGN_OR_RETURN(block, c.Vector(0));
    for (std::size_t row = 0; row < block.rows(); ++row) {
      for (std::size_t step = 0; step < c.grid.steps; ++step) {
        if (block.cells(row)[step] == Cell::kHistogram) block.Clear(row, step);
        if (block.cells(row)[step] == Cell::kFloat) {
          block.SetFloat(row, step, DatePart(c.name(), block.values(row)[step]));
        }
      }
    }
    block.RemoveEmptyRows();
  }
  return NamelessVector(&c.ev, std::move(block));
}

}  // namespace cachescope::promql
