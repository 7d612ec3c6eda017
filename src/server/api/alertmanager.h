// Shared by the endpoints about alerts: reading requests and writing alerts. Internal to the module.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/matcher.h"
#include "server/api/api.h"
#include "server/api/json_writer.h"
#include "server/notify/notifier.h"

namespace cachescope::api {

// All `filter` parameters. kInvalidArgument names the text that does not parse.
Result<std::vector<Matcher>> FilterParams(const http::Params& params);
// A parameter that is "true" or "false". kInvalidArgument names it.
Result<bool> BoolParam(const http::Params& params, std::string_view name, bool fallback);

// Which alerts a request wants to see.
struct AlertFilter {
  bool active = true;
  bool silenced = true;
  bool inhibited = true;
  bool unprocessed = true;
  bool muted = true;
  std::vector<Matcher> matchers;
  std::optional<Matcher> receiver;  // matched whole

  bool Wants(const notify::AlertView& alert) const;
  bool WantsReceiver(const std::string& name) const;
};
Result<AlertFilter> ReadAlertFilter(const http::Params& params);

// The members of a gettableAlert without the braces around them.
void WriteAlertMembers(JsonWriter& json, const notify::AlertView& alert);
void WriteTexts(JsonWriter& json, const std::vector<std::string>& texts);
// RFC 3339 with milliseconds, as Alertmanager has it.
void WriteMillis(JsonWriter& json, TimestampMs t);

// An answer of Alertmanager's API: one value, without an envelope. Errors are a JSON string.
void WriteBare(http::ResponseWriter& response, const std::function<void(JsonWriter&)>& value);
void WriteBareError(http::ResponseWriter& response, int status, std::string_view message);
// 400, 404, 503 or 500 by the status' code.
void WriteBareError(http::ResponseWriter& response, const Status& status);

// The same in Prometheus' envelope.
void WriteStatus(http::ResponseWriter& response, const Status& status);

// An object. kInvalidArgument: not JSON, or no object.
Result<nlohmann::json> ParseBody(const http::Request& request);
// Text behind a key, empty when absent. kInvalidArgument names the key when it is no text.
Result<std::string> TextField(const nlohmann::json& object, const char* key);
// RFC 3339 behind a key, 0 when absent or Go's zero time.
Result<TimestampMs> TimeField(const nlohmann::json& object, const char* key);
// An object of texts.
Result<Labels> LabelsField(const nlohmann::json& object, const char* key);

}  // namespace cachescope::api
