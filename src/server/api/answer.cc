#include "server/api/answer.h"

#include <cmath>
#include <cstdio>
#include <ctime>

#include "base/duration.h"
#include "base/number.h"
#include "server/promql/parser.h"

namespace cachescope::api {
namespace {

int HttpStatus(std::string_view type) {
  if (type == "bad_data") return 400;
  if (type == "execution") return 422;
  if (type == "timeout" || type == "unavailable") return 503;
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

std::optional<TimestampMs> ParseRfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, read = 0;
  double second = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf%n", &year, &month, &day, &hour, &minute, &second, &read) !=
      6) {
    return std::nullopt;
  }
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second < 0 || second >= 61)
    return std::nullopt;
  int zone_minutes = 0;
  const std::string_view zone = text.substr(static_cast<std::size_t>(read));
  if (zone != "Z" && zone != "z") {
    int zone_hour = 0, zone_minute = 0, zone_read = 0;
    const std::string zone_copy(zone);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') ||
        std::sscanf(zone_copy.c_str() + 1, "%2d:%2d%n", &zone_hour, &zone_minute, &zone_read) != 2 || zone_read != 5) {
      return std::nullopt;
    }
    zone_minutes = (zone[0] == '-' ? -1 : 1) * (zone_hour * 60 + zone_minute);
  }
  std::tm tm{};
  tm.tm_year = year - 1900;
  tm.tm_mon = month - 1;
  tm.tm_mday = day;
  tm.tm_hour = hour;
  tm.tm_min = minute;
  const std::int64_t seconds = static_cast<std::int64_t>(timegm(&tm)) - zone_minutes * 60;
  return seconds * 1000 + static_cast<std::int64_t>(std::floor(second * 1000 + 1e-6));
}

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

Result<std::size_t> LimitParam(const http::Params& params) {
  const std::string_view text = params.Get("limit");
  if (text.empty()) return std::size_t{0};
  const auto limit = ParseFloat(text);
  if (!limit || *limit < 0 || *limit > 1e15 || *limit != std::floor(*limit)) {
    return InvalidArgument("invalid parameter \"limit\": limit must be a non-negative whole number");
  }
  return static_cast<std::size_t>(*limit);
}

Result<std::vector<std::vector<Matcher>>> MatchParams(const http::Params& params) {
  std::vector<std::vector<Matcher>> out;
  for (const std::string& text : params.All("match[]")) {
    auto matchers = promql::ParseSelector(text);
    if (!matchers.ok()) return InvalidParam("match[]", matchers.status());
    out.push_back(std::move(*matchers));
  }
  return out;
}

}  // namespace cachescope::api
