// The envelope of the Prometheus HTTP API and the reading of its parameters.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/matcher.h"
#include "server/api/json_writer.h"
#include "server/http/server.h"

namespace cachescope::api {

// {"status":"success","data":…}; `data` writes exactly one value. Warnings and infos are left out when empty.
void WriteSuccess(http::ResponseWriter& response, const std::function<void(JsonWriter&)>& data,
                  const std::vector<std::string>& warnings = {}, const std::vector<std::string>& infos = {});

// {"status":"error","errorType":…,"error":…} with the HTTP status that belongs to the type: bad_data 400, execution
// 422, timeout 503, canceled 499, not_found 404, all others 500.
void WriteError(http::ResponseWriter& response, std::string_view type, std::string_view message);
// The same with the type an execution error has by its code.
void WriteExecutionError(http::ResponseWriter& response, const Status& status);

// Unix seconds with fraction, or RFC 3339. kInvalidArgument: `cannot parse "x" to a valid timestamp`.
Result<TimestampMs> ParseTime(std::string_view text);
// Float seconds or "5m". kInvalidArgument: `cannot parse "x" to a valid duration`.
Result<DurationMs> ParseApiDuration(std::string_view text);
// A parameter that may be absent. Errors read `invalid parameter "NAME": cause`.
Result<TimestampMs> TimeParam(const http::Params& params, std::string_view name, TimestampMs fallback);
// One that must be there; an empty one does not parse.
Result<TimestampMs> RequiredTimeParam(const http::Params& params, std::string_view name);
Result<DurationMs> DurationParam(const http::Params& params, std::string_view name, DurationMs fallback);
// A whole number, 0 when absent. The error is that of upstream, without the name of the parameter.
Result<std::size_t> IntParam(const http::Params& params, std::string_view name);
// 0 when absent: no limit.
Result<std::size_t> LimitParam(const http::Params& params);
// All match[] parameters, each a selector that does not select everything. Errors are upstream's, without the name of
// the parameter.
Result<std::vector<std::vector<Matcher>>> MatchParams(const http::Params& params);

}  // namespace cachescope::api
