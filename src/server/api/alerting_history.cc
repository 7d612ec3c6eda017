// /api/v1/alerting/history, statistics, annotations.
#include <nlohmann/json.hpp>

#include "server/api/alertmanager.h"
#include "server/api/answer.h"
#include "server/notify/history/history_stats.h"

namespace cachescope::api {
namespace {

constexpr std::size_t kDefaultEvents = 1000;
constexpr std::size_t kMaxEvents = 10'000;
// What statistics read at most; beyond it the oldest are left out.
constexpr std::size_t kStatisticsEvents = 500'000;
constexpr DurationMs kWeek = 7LL * 24 * 3600'000;
constexpr std::size_t kMaxNoteBytes = 4096;

Result<storage::EventFilter> ReadEventFilter(const ApiContext& api, const http::Params& params, DurationMs back) {
  storage::EventFilter out;
  const TimestampMs now = api.clock->NowMs();
  CACHESCOPE_ASSIGN_OR_RETURN(out.maxt, TimeParam(params, "end", now));
  CACHESCOPE_ASSIGN_OR_RETURN(out.mint, TimeParam(params, "start", back == 0 ? 0 : out.maxt - back));
  out.kind = params.Get("kind");
  out.name = params.Get("alertname");
  out.subject = params.Get("fingerprint");
  CACHESCOPE_ASSIGN_OR_RETURN(const std::size_t limit, LimitParam(params));
  out.limit = std::min(limit == 0 ? kDefaultEvents : limit, kMaxEvents);
  CACHESCOPE_ASSIGN_OR_RETURN(const std::size_t before, IntParam(params, "before"));
  out.before_id = static_cast<std::int64_t>(before);
  return out;
}

void WriteEvent(JsonWriter& json, const storage::StateEvent& event) {
  json.BeginObject().Key("id").Int(event.id).Key("at").Time(event.at).Key("kind").String(event.kind);
  json.Key("fingerprint").String(event.subject).Key("alertname").String(event.name).Key("details");
  // What the store holds was written by this program, but a file can be changed by anybody.
  nlohmann::json::accept(event.value) ? json.Raw(event.value) : json.Raw("{}");
  json.EndObject();
}

void History(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto filter = ReadEventFilter(api, request.query, 0);
  if (!filter.ok()) return WriteError(response, "bad_data", filter.status().message());
  const auto events = api.state->Events(*filter);
  if (!events.ok()) return WriteError(response, "unavailable", events.status().message());
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("events").BeginArray();
    for (const storage::StateEvent& event : *events) WriteEvent(json, event);
    json.EndArray().EndObject();
  });
}

void WriteSecondsOrNull(JsonWriter& json, std::int64_t ms) {
  ms < 0 ? json.Null() : json.Double(static_cast<double>(ms) / 1000);
}

void WriteHistory(JsonWriter& json, const notify::AlertHistory& alert) {
  const auto count = [&](const char* key, std::uint64_t value) { json.Key(key).Int(static_cast<std::int64_t>(value)); };
  json.BeginObject().Key("alertname").String(alert.name);
  count("fired", alert.firings);
  count("resolved", alert.resolved);
  json.Key("firingSeconds").Double(static_cast<double>(alert.firing_ms) / 1000);
  json.Key("meanSecondsToAcknowledge");
  WriteSecondsOrNull(json, alert.mean_to_acknowledge);
  json.Key("meanSecondsToResolve");
  WriteSecondsOrNull(json, alert.mean_to_resolve);
  count("pages", alert.pages);
  count("nightPages", alert.night_pages);
  count("failed", alert.failed);
  count("escalations", alert.escalations);
  count("flaps", alert.flapping);
  count("neverAcknowledged", alert.firings > alert.acknowledged ? alert.firings - alert.acknowledged : 0);
  json.Key("lastFiredAt");
  alert.last_fired_at == 0 ? json.Null() : json.Time(alert.last_fired_at);
  json.EndObject();
}

void Statistics(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  auto filter = ReadEventFilter(api, request.query, kWeek);
  if (!filter.ok()) return WriteError(response, "bad_data", filter.status().message());
  filter->limit = kStatisticsEvents;
  const auto events = api.state->Events(*filter);
  if (!events.ok()) return WriteError(response, "unavailable", events.status().message());
  const auto stats = notify::ComputeHistoryStats(*events, {});
  if (!stats.ok()) return WriteError(response, "bad_data", stats.status().message());
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("start").Time(filter->mint).Key("end").Time(filter->maxt).Key("total");
    WriteHistory(json, stats->total);
    json.Key("alerts").BeginArray();
    for (const notify::AlertHistory& alert : stats->alerts) WriteHistory(json, alert);
    json.EndArray().Key("cut").Bool(events->size() == kStatisticsEvents).EndObject();
  });
}

void Annotate(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto note = [&]() -> Result<storage::StateEvent> {
    CACHESCOPE_ASSIGN_OR_RETURN(const nlohmann::json body, ParseBody(request));
    storage::StateEvent out;
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, TextField(body, "text"));
    if (text.empty() || text.size() > kMaxNoteBytes) return InvalidArgument("text: 1 to 4096 bytes are expected");
    CACHESCOPE_ASSIGN_OR_RETURN(out.at, TimeField(body, "time"));
    if (out.at == 0) out.at = api.clock->NowMs();
    const nlohmann::json tags = body.value("tags", nlohmann::json::array());
    if (!tags.is_array()) return InvalidArgument("tags must be a list of texts");
    out.kind = "annotation";
    out.value =
        nlohmann::json{{"text", text}, {"tags", tags}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return out;
  }();
  if (!note.ok()) return WriteError(response, "bad_data", note.status().message());
  const Status status = api.state->Append({*note});
  if (!status.ok()) return WriteError(response, "unavailable", status.message());
  WriteSuccess(response, [&](JsonWriter& json) { json.BeginObject().Key("at").Time(note->at).EndObject(); });
}

}  // namespace

void RegisterAlertingHistory(http::Server& server, std::shared_ptr<const ApiContext> api) {
  if (api->state == nullptr) return;
  const std::string base = "/api/v1/alerting/";
  server.Handle("GET", base + "history", [api](const auto& q, auto& r) { History(*api, q, r); });
  server.Handle("GET", base + "statistics", [api](const auto& q, auto& r) { Statistics(*api, q, r); });
  server.Handle("POST", base + "annotations", [api](const auto& q, auto& r) { Annotate(*api, q, r); });
}

}  // namespace cachescope::api
