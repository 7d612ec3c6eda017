#include "server/api/answer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/duration.h"
#include "base/number.h"
#include "base/rfc3339.h"
#include "server/promql/parser.h"

namespace cachescope::api {
namespace {

int HttpStatus(std::string_view type) {
  if (type == "bad_data") return 400;
  if (type == "execution") return 422;
  if (type == "timeout") return 503;
  if (type == "canceled") return 499;
  if (type == "not_found") return 404;
  return 500;
}

void WriteStrings(JsonWriter& json, std::string_view key, const std::vector<std::string>& strings) {
  if (strings.empty()) return;
  json.Key(key).BeginArray();
  for (const std::string& text : strings) json.String(text);
  json.EndArray();
}

Status InvalidParam(std::string_view name, const Status& cause) {
  return InvalidArgument("invalid parameter \"" + std::string(name) + "\": " + std::string(cause.message()));
}

// Prometheus keeps times in nanoseconds of an int64; outside of that a time makes no sense to it or to us.
constexpr double kMaxSeconds = 9.2e15;

}  // namespace

void WriteSuccess(http::ResponseWriter& response, const std::function<void(JsonWriter&)>& data,
                  const std::vector<std::string>& warnings, const std::vector<std::string>& infos) {
  response.SetHeader("Content-Type", "application/json");
  JsonWriter json(&response);
  json.BeginObject().Key("status").String("success").Key("data");
  data(json);
  WriteStrings(json, "warnings", warnings);
  WriteStrings(json, "infos", infos);
  json.EndObject().Flush();
}

void WriteError(http::ResponseWriter& response, std::string_view type, std::string_view message) {
  response.SetStatus(HttpStatus(type));
  response.SetHeader("Content-Type", "application/json");
  JsonWriter json(&response);
  json.BeginObject()
      .Key("status")
      .String("error")
      .Key("errorType")
      .String(type)
      .Key("error")
      .String(message)
      .EndObject()
      .Flush();
}

void WriteExecutionError(http::ResponseWriter& response, const Status& status) {
  switch (status.code()) {
    case Code::kDeadlineExceeded:
      return WriteError(response, "timeout", status.message());
    case Code::kCancelled:
      return WriteError(response, "canceled", status.message());
    case Code::kUnavailable:
      return WriteError(response, "unavailable", status.message());
    case Code::kCorruption:
    case Code::kIoError:
    case Code::kInternal:
      return WriteError(response, "internal", status.message());
    default:
      return WriteError(response, "execution", status.message());
  }
}

Result<TimestampMs> ParseTime(std::string_view text) {
  if (const auto seconds = ParseFloat(text); seconds && std::fabs(*seconds) < kMaxSeconds) {
    // Rounded as upstream: whole seconds and the fraction to the nearest millisecond.
    double whole = 0;
    const double fraction = std::modf(*seconds, &whole);
    return static_cast<TimestampMs>(whole) * 1000 + static_cast<TimestampMs>(std::round(fraction * 1000));
  }
  if (const auto t = ParseRfc3339(text)) return *t;
  return InvalidArgument("cannot parse \"" + std::string(text) + "\" to a valid timestamp");
}

Result<DurationMs> ParseApiDuration(std::string_view text) {
  if (const auto seconds = ParseFloat(text)) {
    if (!(std::fabs(*seconds) < 9.2e9)) {
      return InvalidArgument("cannot parse \"" + std::string(text) + "\" to a valid duration. It overflows int64");
    }
    return static_cast<DurationMs>(*seconds * 1000);
  }
  if (auto duration = ParseDuration(text); duration.ok()) return duration;
  return InvalidArgument("cannot parse \"" + std::string(text) + "\" to a valid duration");
}

Result<TimestampMs> TimeParam(const http::Params& params, std::string_view name, TimestampMs fallback) {
  const std::string_view text = params.Get(name);
  if (text.empty()) return fallback;
  auto t = ParseTime(text);
  if (t.ok()) return t;
  return InvalidParam(name, t.status().WithPrefix("invalid time value for '" + std::string(name) + "'"));
}

Result<TimestampMs> RequiredTimeParam(const http::Params& params, std::string_view name) {
  auto t = ParseTime(params.Get(name));
  if (!t.ok()) return InvalidParam(name, t.status());
  return t;
}

Result<DurationMs> DurationParam(const http::Params& params, std::string_view name, DurationMs fallback) {
  const std::string_view text = params.Get(name);
  if (text.empty()) return fallback;
  auto duration = ParseApiDuration(text);
  if (!duration.ok()) return InvalidParam(name, duration.status());
  return duration;
}

Result<std::size_t> IntParam(const http::Params& params, std::string_view name) {
  const std::string_view text = params.Get(name);
  if (text.empty()) return std::size_t{0};
  const std::string_view digits = text.substr(text[0] == '+' || text[0] == '-' ? 1 : 0);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool range = error == std::errc::result_out_of_range || value > std::numeric_limits<std::int64_t>::max();
  if (digits.empty() || end != digits.data() + digits.size() || (error != std::errc() && !range) || range) {
    return InvalidArgument("strconv.Atoi: parsing \"" + std::string(text) +
                           (range ? "\": value out of range" : "\": invalid syntax"));
  }
  if (text[0] == '-' && value != 0) return InvalidArgument(std::string(name) + " must be non-negative");
  return static_cast<std::size_t>(value);
}

Result<std::size_t> LimitParam(const http::Params& params) {
  auto limit = IntParam(params, "limit");
  if (!limit.ok()) return InvalidParam("limit", limit.status());
  return limit;
}

Result<std::vector<std::vector<Matcher>>> MatchParams(const http::Params& params) {
  std::vector<std::vector<Matcher>> out;
  for (const std::string& text : params.All("match[]")) {
    CACHESCOPE_ASSIGN_OR_RETURN(std::vector<Matcher> matchers, promql::ParseSelector(text));
    if (std::all_of(matchers.begin(), matchers.end(), [](const Matcher& m) { return m.Matches(""); }))
      return InvalidArgument("match[] must contain at least one non-empty matcher");
    out.push_back(std::move(matchers));
  }
  return out;
}

}  // namespace cachescope::api
