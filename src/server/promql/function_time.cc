// timestamp and the calendar functions.
#include <chrono>
#include <cmath>

#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

// The part of a point in time (UTC) that the function asks for.
double DatePart(std::string_view name, double seconds) {
  // Go converts what does not fit to the smallest integer; years beyond this bound mean nothing anyway.
  constexpr double kMostSeconds = 6.7e10 * 16;
  if (!(std::fabs(seconds) < kMostSeconds)) return std::nan("");
  const auto whole = static_cast<std::int64_t>(seconds);
  const std::chrono::sys_seconds at{std::chrono::seconds(whole)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::int64_t in_day = (at - day).count();
  if (name == "hour") return static_cast<double>(in_day / 3600);
  if (name == "minute") return static_cast<double>(in_day / 60 % 60);
  if (name == "day_of_week") return static_cast<double>(std::chrono::weekday(day).c_encoding());
  const std::chrono::year_month_day date(day);
  if (name == "year") return static_cast<double>(static_cast<int>(date.year()));
  if (name == "month") return static_cast<double>(static_cast<unsigned>(date.month()));
  if (name == "day_of_month") return static_cast<double>(static_cast<unsigned>(date.day()));
  if (name == "days_in_month") {
    const std::chrono::year_month_day_last last(date.year(), std::chrono::month_day_last(date.month()));
    return static_cast<double>(static_cast<unsigned>(last.day()));
  }
  const std::chrono::sys_days first = date.year() / std::chrono::January / 1;  // day_of_year
  return static_cast<double>((day - first).count() + 1);
}

}  // namespace

Result<Value> CallTimestamp(const CallContext& c) {
  const Expr& arg = c.arg(0);
  SeriesBlock block(c.grid.steps);
  std::vector<TimestampMs> timestamps;
  const auto* selector = arg.kind == ExprKind::kVectorSelector ? &static_cast<const VectorSelector&>(arg) : nullptr;
  if (selector != nullptr && !selector->smoothed) {
    const NodeTimes& times = c.ev.plan().times(arg);
    const storage::SelectHints hints{SaturatingSub(times.Shift(c.grid.start), c.ev.options().lookback),
                                     times.Shift(c.grid.last()),
                                     c.grid.steps > 1 ? c.grid.step : 0,
                                     0,
                                     "timestamp",
                                     0};
    CACHESCOPE_ASSIGN_OR_RETURN(const storage::SeriesSet set, c.ev.Select(selector->matchers, hints));
    CACHESCOPE_ASSIGN_OR_RETURN(block, c.ev.ReadInstant(set.series, times, c.grid, &timestamps));
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
  // Samples carry no start timestamps, so there is none to show.
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  return NamelessVector(&c.ev, SeriesBlock(block.steps()));
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
