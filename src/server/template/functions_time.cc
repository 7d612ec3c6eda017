// Times and durations.
#include <cmath>

#include "server/template/function.h"

namespace cachescope::templating {
namespace {

TimestampMs NowMs(const Call& call) {
  return call.environment.now != 0 ? call.environment.now : Clock::System().NowMs();
}

Result<Value> Now(Args, Call& call) { return Value(static_cast<double>(NowMs(call)) / 1000); }

Result<Value> ToTime(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const double seconds, ToNumber(args[0]));
  if (!std::isfinite(seconds)) return InvalidArgument("value is NaN or Inf");
  if (std::fabs(seconds) > 9.2e9) return InvalidArgument("timestamp cannot be represented");
  Time out;
  const double whole = std::floor(seconds);
  out.seconds = static_cast<std::int64_t>(whole);
  // To the millisecond, as the timestamps of samples are.
  out.nanos = static_cast<std::int32_t>((seconds - whole) * 1000) * 1'000'000;
  return Value(std::move(out));
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
    out->push_back({"toTime", {Param::kAny}, false, ToTime});
    out->push_back({"toDuration", {Param::kAny}, false, ToDuration});
    return;
  }
  out->push_back({"date", {Param::kText, Param::kTime}, false, Date});
  out->push_back({"tz", {Param::kText, Param::kTime}, false, InZone});
  out->push_back({"since", {Param::kTime}, false, Since});
}

}  // namespace cachescope::templating
