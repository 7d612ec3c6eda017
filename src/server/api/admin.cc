// /api/v1/admin/tsdb/*: deleting series and taking snapshots, where that is allowed and the store can.
#include <limits>

#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

// False after answering that the endpoint is off.
bool Allowed(const ApiContext& api, http::ResponseWriter& response) {
  if (!api.admin) WriteError(response, "unavailable", "admin APIs disabled");
  return api.admin;
}

void CannotInMemory(http::ResponseWriter& response, std::string_view verb) {
  WriteError(response, "unavailable",
             "cannot " + std::string(verb) + ": the store of this server is in memory and has no such operation");
}

// A store that is full or only read may do it another time.
void Failed(http::ResponseWriter& response, const Status& status) {
  WriteError(response, status.code() == Code::kUnavailable ? "unavailable" : "internal", status.message());
}

void DeleteSeries(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  if (!Allowed(api, response)) return;
  const http::Params params = request.AllParams();
  if (!params.Has("match[]")) return WriteError(response, "bad_data", "no match[] parameter provided");
  auto start = TimeParam(params, "start", std::numeric_limits<TimestampMs>::min());
  if (!start.ok()) return WriteError(response, "bad_data", start.status().message());
  auto end = TimeParam(params, "end", std::numeric_limits<TimestampMs>::max());
  if (!end.ok()) return WriteError(response, "bad_data", end.status().message());
  auto matchers = MatchParams(params);
  if (!matchers.ok()) return WriteError(response, "bad_data", matchers.status().message());
  if (!api.delete_series) return CannotInMemory(response, "delete series");
  for (const auto& set : *matchers) {
    if (const Status status = api.delete_series(*start, *end, set); !status.ok()) return Failed(response, status);
  }
  response.SetStatus(204);
}

void CleanTombstones(const ApiContext& api, http::ResponseWriter& response) {
  if (!Allowed(api, response)) return;
  if (!api.clean_tombstones) return CannotInMemory(response, "clean tombstones");
  if (const Status status = api.clean_tombstones(); !status.ok()) return Failed(response, status);
  response.SetStatus(204);
}

void Snapshot(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  if (!Allowed(api, response)) return;
  const std::string skip(request.AllParams().Get("skip_head"));
  if (!skip.empty() && skip != "true" && skip != "false" && skip != "1" && skip != "0") {
    return WriteError(response, "bad_data",
                      "invalid parameter \"skip_head\": unable to parse boolean: \"" + skip + "\" is no boolean");
  }
  if (!api.snapshot) return CannotInMemory(response, "take a snapshot");
  const auto name = api.snapshot(skip == "true" || skip == "1");
  if (!name.ok()) return Failed(response, name.status());
  WriteSuccess(response, [&](JsonWriter& json) { json.BeginObject().Key("name").String(*name).EndObject(); });
}

}  // namespace

void RegisterAdmin(http::Server& server, std::shared_ptr<const ApiContext> api) {
  for (const char* method : {"POST", "PUT"}) {
    server.Handle(method, "/api/v1/admin/tsdb/delete_series",
                  [api](const auto& q, auto& r) { DeleteSeries(*api, q, r); });
    server.Handle(method, "/api/v1/admin/tsdb/clean_tombstones",
                  [api](const auto&, auto& r) { CleanTombstones(*api, r); });
    server.Handle(method, "/api/v1/admin/tsdb/snapshot", [api](const auto& q, auto& r) { Snapshot(*api, q, r); });
  }
}

}  // namespace cachescope::api
