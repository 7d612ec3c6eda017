#include "server/api/alertmanager.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/rfc3339.h"
#include "server/api/answer.h"
#include "server/notify/matchers.h"

namespace cachescope::api {
namespace {

// Far beyond any alert, and far below what a parser takes seconds for.
constexpr std::size_t kMaxBodyBytes = 16 << 20;

}  // namespace

Result<std::vector<Matcher>> FilterParams(const http::Params& params) {
  std::vector<Matcher> out;
  for (const std::string& text : params.All("filter")) {
    CACHESCOPE_ASSIGN_OR_RETURN(std::vector<Matcher> parsed, notify::ParseMatchers(text));
    out.insert(out.end(), std::make_move_iterator(parsed.begin()), std::make_move_iterator(parsed.end()));
  }
  return out;
}

Result<bool> BoolParam(const http::Params& params, std::string_view name, bool fallback) {
  if (!params.Has(name)) return fallback;
  const std::string_view text = params.Get(name);
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return InvalidArgument(std::string(name) + " in query must be of type boolean: \"" + std::string(text) + "\"");
}

Result<AlertFilter> ReadAlertFilter(const http::Params& params) {
  AlertFilter out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.active, BoolParam(params, "active", true));
  CACHESCOPE_ASSIGN_OR_RETURN(out.silenced, BoolParam(params, "silenced", true));
  CACHESCOPE_ASSIGN_OR_RETURN(out.inhibited, BoolParam(params, "inhibited", true));
  CACHESCOPE_ASSIGN_OR_RETURN(out.unprocessed, BoolParam(params, "unprocessed", true));
  CACHESCOPE_ASSIGN_OR_RETURN(out.muted, BoolParam(params, "muted", true));
  CACHESCOPE_ASSIGN_OR_RETURN(out.matchers, FilterParams(params));
  const std::string receiver(params.Get("receiver"));
  if (!receiver.empty()) {
    CACHESCOPE_ASSIGN_OR_RETURN(out.receiver, Matcher::New(MatchType::kRegex, "receiver", receiver));
  }
  return out;
}

bool AlertFilter::WantsReceiver(const std::string& name) const { return !receiver || receiver->Matches(name); }

bool AlertFilter::Wants(const notify::AlertView& alert) const {
  const notify::AlertStatus& status = alert.status;
  if (!active && status.state == notify::AlertProcessing::kActive) return false;
  if (!unprocessed && status.state == notify::AlertProcessing::kUnprocessed) return false;
  if (!silenced && !status.silenced_by.empty()) return false;
  if (!inhibited && !status.inhibited_by.empty()) return false;
  return notify::MatchAll(matchers, alert.alert.labels);
}

void WriteMillis(JsonWriter& json, TimestampMs t) { json.String(FormatRfc3339(t, TimeFraction::kMillis)); }

void WriteTexts(JsonWriter& json, const std::vector<std::string>& texts) {
  json.BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void WriteAlertMembers(JsonWriter& json, const notify::AlertView& alert) {
  json.Key("annotations").LabelObject(alert.alert.annotations);
  json.Key("endsAt");
  WriteMillis(json, alert.ends_at);
  json.Key("fingerprint").String(notify::FingerprintText(alert.fingerprint));
  json.Key("receivers").BeginArray();
  for (const std::string& name : alert.receivers) json.BeginObject().Key("name").String(name).EndObject();
  json.EndArray().Key("startsAt");
  WriteMillis(json, alert.starts_at);
  json.Key("status").BeginObject().Key("inhibitedBy");
  WriteTexts(json, alert.status.inhibited_by);
  json.Key("mutedBy");
  WriteTexts(json, alert.status.muted_by);
  json.Key("silencedBy");
  WriteTexts(json, alert.status.silenced_by);
  json.Key("state").String(notify::AlertProcessingName(alert.status.state)).EndObject();
  json.Key("updatedAt");
  WriteMillis(json, alert.updated_at);
  if (!alert.alert.generator_url.empty()) json.Key("generatorURL").String(alert.alert.generator_url);
  json.Key("labels").LabelObject(alert.alert.labels);
}

void WriteBare(http::ResponseWriter& response, const std::function<void(JsonWriter&)>& value) {
  response.SetHeader("Content-Type", "application/json");
  response.SetHeader("Cache-Control", "no-store");
  JsonWriter json(&response);
  value(json);
  json.Flush();
}

void WriteBareError(http::ResponseWriter& response, int status, std::string_view message) {
  response.SetStatus(status);
  WriteBare(response, [&](JsonWriter& json) { json.String(message); });
}

void WriteBareError(http::ResponseWriter& response, const Status& status) {
  int code = 500;
  if (status.code() == Code::kInvalidArgument || status.code() == Code::kLimitExceeded) code = 400;
  if (status.code() == Code::kNotFound) code = 404;
  if (status.code() == Code::kUnavailable) code = 503;
  WriteBareError(response, code, status.message());
}

void WriteStatus(http::ResponseWriter& response, const Status& status) {
  const bool bad = status.code() == Code::kInvalidArgument || status.code() == Code::kLimitExceeded;
  const bool missing = status.code() == Code::kNotFound;
  WriteError(response, missing ? "not_found" : bad ? "bad_data" : "unavailable", status.message());
}

Result<nlohmann::json> ParseBody(const http::Request& request) {
  if (request.body.size() > kMaxBodyBytes) return LimitExceeded("the body is longer than 16 MiB");
  auto json = nlohmann::json::parse(request.body, nullptr, false);
  if (json.is_discarded()) return InvalidArgument("the body is not JSON");
  if (!json.is_object()) return InvalidArgument("the body must be a JSON object");
  return json;
}

Result<std::string> TextField(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return InvalidArgument(std::string(key) + " must be a text");
  return found->get<std::string>();
}

Result<TimestampMs> TimeField(const nlohmann::json& object, const char* key) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, TextField(object, key));
  if (text.empty() || text.starts_with("0001-01-01T00:00:00")) return TimestampMs{0};
  const auto time = ParseRfc3339(text);
  if (!time) return InvalidArgument(std::string(key) + ": cannot parse \"" + text + "\" as RFC 3339 time");
  return *time;
}

Result<Labels> LabelsField(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return Labels();
  if (!found->is_object()) return InvalidArgument(std::string(key) + " must be an object of texts");
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) return InvalidArgument(std::string(key) + "." + name + " must be a text");
    pairs.emplace_back(name, value.get<std::string>());
  }
  return Labels::FromPairs(std::move(pairs));
}

}  // namespace cachescope::api
