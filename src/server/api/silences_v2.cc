// /api/v2/silences and /api/v2/silence/ID.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/api/alertmanager.h"
#include "server/notify/silences/silence_store.h"

namespace cachescope::api {
namespace {

using notify::Silence;
using notify::SilenceState;

void WriteSilence(JsonWriter& json, const Silence& silence, TimestampMs now) {
  json.BeginObject().Key("id").String(silence.id);
  json.Key("status").BeginObject().Key("state").String(notify::SilenceStateName(silence.StateAt(now))).EndObject();
  json.Key("updatedAt");
  WriteMillis(json, silence.updated_at);
  json.Key("annotations").BeginObject();
  for (const auto& [name, value] : silence.annotations) json.Key(name).String(value);
  json.EndObject().Key("comment").String(silence.comment).Key("createdBy").String(silence.created_by).Key("endsAt");
  WriteMillis(json, silence.ends_at);
  json.Key("matchers").BeginArray();
  for (const Matcher& matcher : silence.matchers) {
    const bool regex = matcher.type() == MatchType::kRegex || matcher.type() == MatchType::kNotRegex;
    const bool equal = matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
    json.BeginObject().Key("isEqual").Bool(equal).Key("isRegex").Bool(regex);
    json.Key("name").String(matcher.name()).Key("value").String(matcher.value()).EndObject();
  }
  json.EndArray().Key("startsAt");
  WriteMillis(json, silence.starts_at);
  json.EndObject();
}

// A filter is held against the silence's own matchers, as if they were labels.
bool Fits(const Silence& silence, const std::vector<Matcher>& filters) {
  return std::all_of(filters.begin(), filters.end(), [&](const Matcher& filter) {
    std::string value;
    for (const Matcher& matcher : silence.matchers) {
      if (matcher.name() == filter.name()) value = matcher.value();
    }
    return filter.Matches(value);
  });
}

// Active ones by their end, then pending ones by their start, then expired ones, the newest first.
bool Before(const Silence& a, const Silence& b, TimestampMs now) {
  const auto rank = [now](const Silence& silence) {
    const SilenceState state = silence.StateAt(now);
    return state == SilenceState::kActive ? 0 : state == SilenceState::kPending ? 1 : 2;
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  if (rank(a) == 0) return a.ends_at < b.ends_at;
  return rank(a) == 1 ? a.starts_at < b.starts_at : a.ends_at > b.ends_at;
}

struct Wanted {
  bool active = true;
  bool pending = true;
  bool expired = true;
  std::vector<Matcher> filters;

  bool Takes(const Silence& silence, TimestampMs now) const {
    const SilenceState state = silence.StateAt(now);
    const bool by_state = state == SilenceState::kActive ? active : state == SilenceState::kPending ? pending : expired;
    return by_state && Fits(silence, filters);
  }
};

Result<Wanted> ReadWanted(const http::Params& params) {
  Wanted out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.active, BoolParam(params, "active", true));
  CACHESCOPE_ASSIGN_OR_RETURN(out.pending, BoolParam(params, "pending", true));
  CACHESCOPE_ASSIGN_OR_RETURN(out.expired, BoolParam(params, "expired", true));
  CACHESCOPE_ASSIGN_OR_RETURN(out.filters, FilterParams(params));
  return out;
}

void ListSilences(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto wanted = ReadWanted(request.query);
  if (!wanted.ok()) return WriteBareError(response, wanted.status());
  const TimestampMs now = api.clock->NowMs();
  std::vector<Silence> silences = api.notifier->silences().All();
  std::erase_if(silences, [&](const Silence& silence) { return !wanted->Takes(silence, now); });
  std::stable_sort(silences.begin(), silences.end(),
                   [now](const Silence& a, const Silence& b) { return Before(a, b, now); });
  WriteBare(response, [&](JsonWriter& json) {
    json.BeginArray();
    for (const Silence& silence : silences) WriteSilence(json, silence, now);
    json.EndArray();
  });
}

Result<bool> FlagField(const nlohmann::json& object, const char* key, bool fallback) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_boolean()) return InvalidArgument(std::string(key) + " must be true or false");
  return found->get<bool>();
}

Result<Matcher> ReadMatcher(const nlohmann::json& json) {
  if (!json.is_object()) return InvalidArgument("matchers: expected objects with name and value");
  CACHESCOPE_ASSIGN_OR_RETURN(std::string name, TextField(json, "name"));
  CACHESCOPE_ASSIGN_OR_RETURN(std::string value, TextField(json, "value"));
  CACHESCOPE_ASSIGN_OR_RETURN(const bool regex, FlagField(json, "isRegex", false));
  CACHESCOPE_ASSIGN_OR_RETURN(const bool equal, FlagField(json, "isEqual", true));
  const MatchType type =
      regex ? (equal ? MatchType::kRegex : MatchType::kNotRegex) : (equal ? MatchType::kEqual : MatchType::kNotEqual);
  return Matcher::New(type, std::move(name), std::move(value));
}

Result<Silence> ReadSilence(const http::Request& request) {
  CACHESCOPE_ASSIGN_OR_RETURN(const nlohmann::json json, ParseBody(request));
  Silence out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.id, TextField(json, "id"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.starts_at, TimeField(json, "startsAt"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.ends_at, TimeField(json, "endsAt"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.created_by, TextField(json, "createdBy"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.comment, TextField(json, "comment"));
  CACHESCOPE_ASSIGN_OR_RETURN(const Labels annotations, LabelsField(json, "annotations"));
  for (const LabelView& label : annotations) out.annotations.emplace_back(label.name, label.value);
  const auto matchers = json.find("matchers");
  if (matchers == json.end() || !matchers->is_array()) return InvalidArgument("matchers must be a list");
  for (const auto& one : *matchers) {
    CACHESCOPE_ASSIGN_OR_RETURN(Matcher matcher, ReadMatcher(one));
    out.matchers.push_back(std::move(matcher));
  }
  return out;
}

void SetSilence(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  auto silence = ReadSilence(request);
  if (!silence.ok()) return WriteBareError(response, silence.status());
  const auto id = api.notifier->silences().Set(std::move(*silence), api.clock->NowMs());
  if (!id.ok()) return WriteBareError(response, id.status());
  WriteBare(response, [&](JsonWriter& json) { json.BeginObject().Key("silenceID").String(*id).EndObject(); });
}

void OneSilence(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto silence = api.notifier->silences().Get(std::string(request.PathParam("id")));
  if (!silence.ok()) return WriteBareError(response, silence.status());
  WriteBare(response, [&](JsonWriter& json) { WriteSilence(json, *silence, api.clock->NowMs()); });
}

void ExpireSilence(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const Status status = api.notifier->silences().Expire(std::string(request.PathParam("id")), api.clock->NowMs());
  if (!status.ok()) WriteBareError(response, status);
}

}  // namespace

void RegisterSilencesV2(http::Server& server, std::shared_ptr<const ApiContext> api) {
  if (api->notifier == nullptr) return;
  server.Handle("GET", "/api/v2/silences", [api](const auto& q, auto& r) { ListSilences(*api, q, r); });
  server.Handle("POST", "/api/v2/silences", [api](const auto& q, auto& r) { SetSilence(*api, q, r); });
  server.Handle("GET", "/api/v2/silence/:id", [api](const auto& q, auto& r) { OneSilence(*api, q, r); });
  server.Handle("DELETE", "/api/v2/silence/:id", [api](const auto& q, auto& r) { ExpireSilence(*api, q, r); });
}

}  // namespace cachescope::api
