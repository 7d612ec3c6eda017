// /api/v1/alerting/alerts, acknowledgements, receivers, route: what Alertmanager's API cannot say.
#include <map>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "server/api/alertmanager.h"
#include "server/api/answer.h"
#include "server/notify/fingerprint.h"
#include "server/notify/matchers.h"

namespace cachescope::api {
namespace {

// So many beginnings and ends of one alert within the window are flapping; as in the statistics.
constexpr std::int64_t kFlaps = 6;
constexpr DurationMs kFlapWindow = 3600'000;
constexpr std::size_t kFlapEvents = 20'000;

void WriteTimeOrNull(JsonWriter& json, TimestampMs t) { t == 0 ? json.Null() : json.Time(t); }

void WriteAcknowledged(JsonWriter& json, const std::optional<notify::Acknowledgement>& acknowledged) {
  json.Key("acknowledged");
  if (!acknowledged) {
    json.Null();
    return;
  }
  json.BeginObject().Key("author").String(acknowledged->author).Key("comment").String(acknowledged->comment);
  json.Key("at").Time(acknowledged->at).EndObject();
}

void WriteEscalation(JsonWriter& json, const notify::AlertView& alert) {
  json.Key("escalation");
  if (alert.escalations.empty()) {
    json.Null();
    return;
  }
  const notify::Escalated& one = alert.escalations.front();
  json.BeginObject().Key("policy").String(one.policy).Key("step").Int(static_cast<std::int64_t>(one.reached));
  json.Key("steps").Int(static_cast<std::int64_t>(one.steps)).Key("severity").String(one.severity);
  json.Key("receiver").String(one.receiver).Key("nextAt");
  WriteTimeOrNull(json, one.next_at);
  json.EndObject();
}

// How often each alert began or ended within the last hour, by fingerprint.
std::map<std::string, std::int64_t> Transitions(const ApiContext& api) {
  std::map<std::string, std::int64_t> out;
  if (api.state == nullptr) return out;
  for (const char* kind : {"firing", "resolved"}) {
    storage::EventFilter filter;
    filter.kind = kind;
    filter.mint = api.clock->NowMs() - kFlapWindow;
    filter.limit = kFlapEvents;
    const auto events = api.state->Events(filter);
    if (!events.ok()) continue;
    for (const storage::StateEvent& event : *events) ++out[event.subject];
  }
  return out;
}

void ListAlerts(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto filter = ReadAlertFilter(request.query);
  if (!filter.ok()) return WriteError(response, "bad_data", filter.status().message());
  const notify::AlertSnapshot snapshot = api.notifier->Snapshot();
  const auto transitions = Transitions(api);
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("alerts").BeginArray();
    for (const notify::AlertView& alert : snapshot.alerts) {
      if (!filter->Wants(alert)) continue;
      const auto turns = transitions.find(notify::FingerprintText(alert.fingerprint));
      const std::int64_t count = turns == transitions.end() ? 0 : turns->second;
      json.BeginObject();
      WriteAlertMembers(json, alert);
      json.Key("value").String(FormatApiFloat(alert.alert.value));
      WriteAcknowledged(json, alert.status.acknowledged);
      WriteEscalation(json, alert);
      json.Key("cooldownUntil");
      WriteTimeOrNull(json, alert.status.cooldown_until);
      json.Key("flapping").Bool(count >= kFlaps).Key("transitions").Int(count);
      json.EndObject();
    }
    json.EndArray().EndObject();
  });
}

// The alerts a request means: one by `fingerprint`, or those matching every text of `filter`.
Result<std::vector<notify::Fingerprint>> Acknowledge(const ApiContext& api, const nlohmann::json& body) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string author, TextField(body, "author"));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string comment, TextField(body, "comment"));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, TextField(body, "fingerprint"));
  if (author.empty()) return InvalidArgument("author must not be empty");
  if (!text.empty()) {
    const auto fingerprint = notify::ParseFingerprint(text);
    if (!fingerprint) return InvalidArgument("fingerprint: expected 16 hexadecimal digits, not \"" + text + "\"");
    CACHESCOPE_RETURN_IF_ERROR(api.notifier->Acknowledge(*fingerprint, author, comment));
    return std::vector<notify::Fingerprint>{*fingerprint};
  }
  const auto filter = body.find("filter");
  if (filter == body.end() || !filter->is_array() || filter->empty()) {
    return InvalidArgument("either fingerprint or filter, a list of matchers, must be given");
  }
  std::vector<Matcher> matchers;
  for (const auto& one : *filter) {
    if (!one.is_string()) return InvalidArgument("filter must be a list of texts");
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<Matcher> parsed, notify::ParseMatchers(one.get<std::string>()));
    matchers.insert(matchers.end(), parsed.begin(), parsed.end());
  }
  return api.notifier->Acknowledge(matchers, author, comment);
}

void PostAcknowledgement(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto body = ParseBody(request);
  if (!body.ok()) return WriteStatus(response, body.status());
  const auto done = Acknowledge(api, *body);
  if (!done.ok()) return WriteStatus(response, done.status());
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("acknowledged").BeginArray();
    for (const notify::Fingerprint one : *done) json.String(notify::FingerprintText(one));
    json.EndArray().EndObject();
  });
}

void DeleteAcknowledgement(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto fingerprint = notify::ParseFingerprint(request.PathParam("fingerprint"));
  if (!fingerprint) return WriteError(response, "bad_data", "fingerprint: expected 16 hexadecimal digits");
  const Status status = api.notifier->Unacknowledge(*fingerprint, std::string(request.query.Get("author")));
  if (!status.ok()) return WriteStatus(response, status);
  WriteSuccess(response, [](JsonWriter& json) { json.BeginObject().EndObject(); });
}

void ListReceivers(const ApiContext& api, http::ResponseWriter& response) {
  const auto receivers = api.notifier->Receivers();
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("receivers").BeginArray();
    for (const notify::ReceiverView& receiver : receivers) {
      json.BeginObject().Key("name").String(receiver.name).Key("integrations").BeginArray();
      for (const notify::IntegrationView& one : receiver.integrations) {
        json.BeginObject().Key("name").String(one.name).Key("supported").Bool(one.supported);
        json.Key("sent").Int(static_cast<std::int64_t>(one.sent));
        json.Key("failed").Int(static_cast<std::int64_t>(one.failed)).Key("lastError").String(one.last_error);
        json.Key("lastErrorAt");
        WriteTimeOrNull(json, one.last_error_at);
        json.Key("lastSentAt");
        WriteTimeOrNull(json, one.last_sent_at);
        json.EndObject();
      }
      json.EndArray().EndObject();
    }
    json.EndArray().EndObject();
  });
}

void TestReceiver(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto results = api.notifier->Drill(std::string(request.PathParam("name")));
  if (!results.ok()) return WriteStatus(response, results.status());
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("results").BeginArray();
    for (const notify::DrillResult& one : *results) {
      json.BeginObject().Key("integration").String(one.integration).Key("ok").Bool(one.status.ok());
      json.Key("error").String(one.status.message()).Key("seconds").Double(one.seconds).EndObject();
    }
    json.EndArray().EndObject();
  });
}

void TestRoute(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& text : request.query.All("label")) {
    const std::size_t at = text.find('=');
    if (at == 0 || at == std::string::npos) {
      return WriteError(response, "bad_data", "label: expected name=value, not \"" + text + "\"");
    }
    pairs.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
  const auto routes = api.notifier->Routes(Labels::FromPairs(std::move(pairs)));
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("routes").BeginArray();
    for (const notify::RouteView& route : routes) {
      json.BeginObject().Key("path").String(route.path).Key("receiver").String(route.receiver).Key("groupBy");
      WriteTexts(json, route.group_by);
      json.Key("continue").Bool(route.continue_matching).Key("matchers");
      WriteTexts(json, route.matchers);
      json.EndObject();
    }
    json.EndArray().EndObject();
  });
}

}  // namespace

void RegisterAlerting(http::Server& server, std::shared_ptr<const ApiContext> api) {
  if (api->notifier == nullptr) return;
  const std::string base = "/api/v1/alerting/";
  server.Handle("GET", base + "alerts", [api](const auto& q, auto& r) { ListAlerts(*api, q, r); });
  server.Handle("POST", base + "acknowledgements", [api](const auto& q, auto& r) { PostAcknowledgement(*api, q, r); });
  server.Handle("DELETE", base + "acknowledgements/:fingerprint",
                [api](const auto& q, auto& r) { DeleteAcknowledgement(*api, q, r); });
  server.Handle("GET", base + "receivers", [api](const auto&, auto& r) { ListReceivers(*api, r); });
  server.Handle("POST", base + "receivers/:name/test", [api](const auto& q, auto& r) { TestReceiver(*api, q, r); });
  server.Handle("GET", base + "route", [api](const auto& q, auto& r) { TestRoute(*api, q, r); });
}

}  // namespace cachescope::api
