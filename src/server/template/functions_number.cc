// Numbers for people.
#include "base/duration.h"
#include "base/number.h"
#include "server/template/function.h"
#include "server/template/humanize.h"

namespace cachescope::templating {
namespace {

template <std::string (*format)(double)>
Result<Value> OfNumber(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const double v, ToNumber(args[0]));
  return Value(format(v));
}

Result<Value> ParseSeconds(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const DurationMs duration, ParseDuration(*args[0].AsString()));
  return Value(static_cast<double>(duration) / 1000);
}

}  // namespace

Result<double> ToNumber(const Value& value) {
  if (const double* d = value.AsFloat()) return *d;
  if (const std::int64_t* i = value.AsInt(); i != nullptr && value.type() == &DurationType())
    return static_cast<double>(*i / kSecondNs) + static_cast<double>(*i % kSecondNs) / kSecondNs;
  if (const std::int64_t* i = value.AsInt()) return static_cast<double>(*i);
  if (const std::string* s = value.AsString(); s != nullptr && value.type() == nullptr) {
    if (const auto number = ParseFloat(*s)) return *number;
    return InvalidArgument("strconv.ParseFloat: parsing \"" + s->substr(0, 200) + "\": invalid syntax");
  }
  return InvalidArgument("can't convert " + std::string(value.TypeName()) + " to float");
}

void AddNumberFunctions(Dialect dialect, std::vector<Function>* out) {
  const std::vector<Param> any = {Param::kAny};
  out->push_back({"humanizeDuration", any, false, OfNumber<HumanizeDuration>});
  if (dialect == Dialect::kAlertmanager) return;
  out->push_back({"humanize", any, false, OfNumber<Humanize>});
  out->push_back({"humanize1024", any, false, OfNumber<Humanize1024>});
  out->push_back({"humanizePercentage", any, false, OfNumber<HumanizePercentage>});
  out->push_back({"parseDuration", {Param::kText}, false, ParseSeconds});
}

}  // namespace cachescope::templating
