// Times and durations.
#include <cmath>

#include "base/number.h"
#include "server/template/function.h"

namespace cachescope::templating {
namespace {

TimestampMs NowMs(const Call& call) {
  return call.environment.now != 0 ? call.environment.now : Clock::System().NowMs();
}

Result<Value> Now(Args, Call& call) { return Value(static_cast<double>(NowMs(call)) / 1000); }

// Whole milliseconds, as the timestamps of samples are.
Result<Time> TimeOf(double seconds) {
  if (!std::isfinite(seconds)) return InvalidArgument("value is NaN or Inf");
  if (std::fabs(seconds) * 1e9 >= 9223372036854775808.0) {
    return InvalidArgument(FormatGeneral(seconds) +
                           " cannot be represented as a nanoseconds timestamp since it overflows int64");
  }
  const std::int64_t ms = static_cast<std::int64_t>(seconds * 1e9) / 1'000'000;
  Time out;
  out.seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
  out.nanos = static_cast<std::int32_t>((ms - out.seconds * 1000) * 1'000'000);
  return out;
}

Result<Value> ToTime(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const double seconds, ToNumber(args[0]));
  CACHESCOPE_ASSIGN_OR_RETURN(Time out, TimeOf(seconds));
  return Value(std::move(out));
}

Result<Value> HumanizeTimestamp(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const double seconds, ToNumber(args[0]));
  if (!std::isfinite(seconds)) return Value(FormatGeneral(seconds));
  CACHESCOPE_ASSIGN_OR_RETURN(const Time time, TimeOf(seconds));
  return Value(FormatTime(time, kDefaultTimeLayout));
}

Result<Value> ToDuration(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const double seconds, ToNumber(args[0]));
  if (!std::isfinite(seconds)) return InvalidArgument("value is NaN or Inf");
  if (std::fabs(seconds) > 9.2e9) return InvalidArgument("duration cannot be represented");
  return Value::Duration(static_cast<DurationNs>(seconds * 1e9));
}

Result<Value> Date(Args args, Call&) { return Value(FormatTime(*args[1].AsTime(), *args[0].AsString())); }

Result<Value> InZone(Args args, Call&) {
  Time out = *args[1].AsTime();
  CACHESCOPE_ASSIGN_OR_RETURN(out.zone, LoadZone(*args[0].AsString()));
  return Value(std::move(out));
}

Result<Value> Since(Args args, Call& call) {
  return Value::Duration(Subtract(TimeOfMs(NowMs(call)), *args[0].AsTime()));
}

}  // namespace

void AddTimeFunctions(Dialect dialect, std::vector<Function>* out) {
  if (dialect == Dialect::kPrometheus) {
    out->push_back({"now", {}, false, Now});
    out->push_back({"humanizeTimestamp", {Param::kAny}, false, HumanizeTimestamp});
    out->push_back({"toTime", {Param::kAny}, false, ToTime});
    out->push_back({"toDuration", {Param::kAny}, false, ToDuration});
    return;
  }
  out->push_back({"date", {Param::kText, Param::kTime}, false, Date});
  out->push_back({"tz", {Param::kText, Param::kTime}, false, InZone});
  out->push_back({"since", {Param::kTime}, false, Since});
}

}  // namespace cachescope::templating
