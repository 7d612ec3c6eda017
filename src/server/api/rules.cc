// /api/v1/rules, alerts, alertmanagers.
#include <algorithm>
#include <charconv>

#include "base/hash.h"
#include "base/number.h"
#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

void WriteAlert(JsonWriter& json, const Alert& alert) {
  json.BeginObject().Key("labels").LabelObject(alert.labels).Key("annotations").LabelObject(alert.annotations);
  json.Key("state").String(AlertStateName(alert.state)).Key("activeAt").Time(alert.active_at);
  if (alert.keep_firing_since != 0) json.Key("keepFiringSince").Time(alert.keep_firing_since);
  json.Key("value").String(FormatScientific(alert.value)).EndObject();
}

void WriteAnnotations(JsonWriter& json, const std::vector<std::pair<std::string, std::string>>& annotations) {
  json.BeginObject();
  for (const auto& [name, text] : annotations) json.Key(name).String(text);
  json.EndObject();
}

void WriteRule(JsonWriter& json, const rules::RuleSnapshot& rule, bool with_alerts) {
  json.BeginObject();
  if (rule.alerting) json.Key("state").String(AlertStateName(rule.state));
  json.Key("name").String(rule.name).Key("query").String(rule.query);
  if (rule.alerting) {
    json.Key("duration").Double(static_cast<double>(rule.hold_duration) / 1000);
    json.Key("keepFiringFor").Double(static_cast<double>(rule.keep_firing_for) / 1000);
  }
  if (rule.alerting || !rule.labels.empty()) json.Key("labels").LabelObject(rule.labels);
  if (rule.alerting) {
    json.Key("annotations");
    WriteAnnotations(json, rule.annotations);
    json.Key("alerts");
    if (with_alerts) {
      json.BeginArray();
      for (const Alert& alert : rule.alerts) WriteAlert(json, alert);
      json.EndArray();
    } else {
      json.Null();
    }
  }
  json.Key("health").String(rule.health);
  if (!rule.last_error.empty()) json.Key("lastError").String(rule.last_error);
  json.Key("evaluationTime").Double(rule.evaluation_seconds).Key("lastEvaluation").Time(rule.last_evaluation);
  json.Key("type").String(rule.alerting ? "alerting" : "recording").EndObject();
}

// What a request for rules asks for.
struct RuleQuery {
  std::vector<std::string> names, groups, files;
  std::vector<std::vector<Matcher>> matchers;
  bool alerts = true;      // alerting rules
  bool recordings = true;  // recording rules
  bool exclude_alerts = false;
  std::size_t group_limit = 0;  // 0: all
  std::string next_token;
};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

Status InvalidParam(const char* name, const std::string& cause) {
  return InvalidArgument(std::string("invalid parameter \"") + name + "\": " + cause);
}

Status ReadPage(const http::Params& params, RuleQuery* out) {
  const std::string limit(params.Get("group_limit"));
  out->next_token = params.Get("group_next_token");
  if (limit.empty()) {
    if (out->next_token.empty()) return {};
    return InvalidParam("group_next_token", "group_limit needs to be present in order to paginate over the groups");
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), value);
  if (error != std::errc() || end != limit.data() + limit.size()) {
    return InvalidParam("group_limit", "group_limit needs to be a valid number: strconv.ParseInt: parsing \"" + limit +
                                           "\": invalid syntax");
  }
  if (value <= 0) return InvalidParam("group_limit", "group_limit needs to be greater than 0");
  out->group_limit = static_cast<std::size_t>(value);
  return {};
}

Result<RuleQuery> ReadRuleQuery(const http::Params& params) {
  RuleQuery out;
  out.names = params.All("rule_name[]");
  out.groups = params.All("rule_group[]");
  out.files = params.All("file[]");
  CACHESCOPE_ASSIGN_OR_RETURN(out.matchers, MatchParams(params));
  const std::string type = Lower(params.Get("type"));
  if (!type.empty() && type != "alert" && type != "record")
    return InvalidParam("type", "not supported value \"" + type + "\"");
  out.alerts = type != "record";
  out.recordings = type != "alert";
  const std::string exclude = Lower(params.Get("exclude_alerts"));
  constexpr std::string_view kTrue[] = {"1", "t", "true"};
  constexpr std::string_view kFalse[] = {"", "0", "f", "false"};
  out.exclude_alerts = std::find(std::begin(kTrue), std::end(kTrue), exclude) != std::end(kTrue);
  if (!out.exclude_alerts && std::find(std::begin(kFalse), std::end(kFalse), exclude) == std::end(kFalse)) {
    return InvalidParam("exclude_alerts", "error converting exclude_alerts: strconv.ParseBool: parsing \"" + exclude +
                                              "\": invalid syntax");
  }
  CACHESCOPE_RETURN_IF_ERROR(ReadPage(params, &out));
  return out;
}

bool Wanted(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

bool Wanted(const RuleQuery& query, const rules::RuleSnapshot& rule) {
  if (!(rule.alerting ? query.alerts : query.recordings) || !Wanted(query.names, rule.name)) return false;
  return query.matchers.empty() ||
         std::any_of(query.matchers.begin(), query.matchers.end(), [&](const std::vector<Matcher>& set) {
           return std::all_of(set.begin(), set.end(), [&](const Matcher& m) { return m.MatchesLabels(rule.labels); });
         });
}

// Names a group in a list that is read page by page.
std::string TokenOf(const rules::GroupSnapshot& group) {
  constexpr char kHex[] = "0123456789abcdef";
  std::uint64_t hash = Hash64(group.file + ";" + group.name);
  std::string out;
  for (int i = 0; i < 16; ++i, hash >>= 4) out.push_back(kHex[hash & 15]);
  return out;
}

void WriteGroup(JsonWriter& json, const rules::GroupSnapshot& group,
                const std::vector<const rules::RuleSnapshot*>& shown, bool with_alerts) {
  json.BeginObject().Key("name").String(group.name).Key("file").String(group.file).Key("rules").BeginArray();
  for (const auto* rule : shown) WriteRule(json, *rule, with_alerts);
  json.EndArray().Key("interval").Double(static_cast<double>(group.interval) / 1000).Key("limit").Int(group.limit);
  json.Key("evaluationTime").Double(group.evaluation_seconds);
  json.Key("lastEvaluation").Time(group.last_evaluation).EndObject();
}

void Rules(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const auto query = ReadRuleQuery(request.AllParams());
  if (!query.ok()) return WriteError(response, "bad_data", query.status().message());
  const std::vector<rules::GroupSnapshot> groups = api.rules->Groups();
  auto first = groups.begin();
  if (!query->next_token.empty()) {
    first = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return TokenOf(g) == query->next_token; });
    if (first == groups.end()) {
      return WriteError(response, "bad_data",
                        "invalid parameter \"group_next_token\": invalid group_next_token '" + query->next_token +
                            "'. were rule groups changed?");
    }
  }
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("groups").BeginArray();
    std::size_t written = 0;
    std::string next;
    for (auto group = first; group != groups.end() && next.empty(); ++group) {
      if (!Wanted(query->groups, group->name) || !Wanted(query->files, group->file)) continue;
      std::vector<const rules::RuleSnapshot*> shown;
      for (const auto& rule : group->rules) {
        if (Wanted(*query, rule)) shown.push_back(&rule);
      }
      if (shown.empty()) continue;
      if (query->group_limit > 0 && written == query->group_limit) {
        next = TokenOf(*group);
        break;
      }
      ++written;
      WriteGroup(json, *group, shown, !query->exclude_alerts);
    }
    json.EndArray();
    if (!next.empty()) json.Key("groupNextToken").String(next);
    json.EndObject();
  });
}

void Alerts(const ApiContext& api, http::ResponseWriter& response) {
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("alerts").BeginArray();
    for (const rules::GroupSnapshot& group : api.rules->Groups()) {
      for (const auto& rule : group.rules) {
        for (const Alert& alert : rule.alerts) WriteAlert(json, alert);
      }
    }
    json.EndArray().EndObject();
  });
}

}  // namespace

void RegisterRules(http::Server& server, std::shared_ptr<const ApiContext> api) {
  server.Handle("GET", "/api/v1/rules", [api](const auto& q, auto& r) { Rules(*api, q, r); });
  server.Handle("GET", "/api/v1/alerts", [api](const auto&, auto& r) { Alerts(*api, r); });
  server.Handle("GET", "/api/v1/alertmanagers", [api](const auto&, auto& r) {
    const std::vector<std::string> urls = api->alertmanagers ? api->alertmanagers() : std::vector<std::string>();
    WriteSuccess(r, [&](JsonWriter& json) {
      json.BeginObject().Key("activeAlertmanagers").BeginArray();
      for (const std::string& url : urls) json.BeginObject().Key("url").String(url).EndObject();
      json.EndArray().Key("droppedAlertmanagers").BeginArray().EndArray().EndObject();
    });
  });
}

}  // namespace cachescope::api
