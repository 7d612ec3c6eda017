// /api/v1/targets, targets/metadata, metadata.
#include <map>

#include "base/duration.h"
#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

// Unknown types are called "unknown" in this API.
void WriteMetadata(JsonWriter& json, const MetricMetadata& metadata) {
  json.BeginObject()
      .Key("type")
      .String(MetricTypeName(metadata.type))
      .Key("unit")
      .String(metadata.unit)
      .Key("help")
      .String(metadata.help)
      .EndObject();
}

void WriteActive(JsonWriter& json, const collect::TargetSnapshot& target) {
  json.BeginObject()
      .Key("discoveredLabels")
      .LabelObject(target.spec.discovered)
      .Key("labels")
      .LabelObject(target.spec.labels);
  json.Key("scrapePool")
      .String(target.spec.job)
      .Key("scrapeUrl")
      .String(target.spec.url)
      .Key("globalUrl")
      .String(target.spec.url);
  json.Key("lastError").String(target.last_error).Key("lastScrape").Time(target.last_scrape);
  json.Key("lastScrapeDuration")
      .Double(target.last_duration_seconds)
      .Key("health")
      .String(collect::TargetHealthName(target.health));
  json.Key("scrapeInterval")
      .String(FormatDuration(target.spec.interval))
      .Key("scrapeTimeout")
      .String(FormatDuration(target.spec.timeout));
  json.EndObject();
}

void Targets(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  const std::string_view state = params.Get("state");
  const std::string_view pool = params.Get("scrapePool");
  const bool active = state.empty() || state == "any" || state == "active";
  const bool dropped = state.empty() || state == "any" || state == "dropped";
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("activeTargets").BeginArray();
    if (active) {
      for (const auto& target : api.scrape->ActiveTargets()) {
        if (pool.empty() || pool == target.spec.job) WriteActive(json, target);
      }
    }
    json.EndArray().Key("droppedTargets").BeginArray();
    std::map<std::string, std::int64_t> counts;
    for (const auto& target : api.scrape->DroppedTargets()) {
      ++counts[target.job];
      if (!dropped || (!pool.empty() && pool != target.job)) continue;
      json.BeginObject()
          .Key("discoveredLabels")
          .LabelObject(target.discovered)
          .Key("scrapePool")
          .String(target.job)
          .EndObject();
    }
    json.EndArray().Key("droppedTargetCounts").BeginObject();
    for (const auto& [job, count] : counts) json.Key(job).Int(count);
    json.EndObject().EndObject();
  });
}

void Metadata(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  auto limit = LimitParam(params);
  auto per_metric = ParseTime(params.Get("limit_per_metric").empty() ? "0" : params.Get("limit_per_metric"));
  if (!limit.ok()) return WriteError(response, "bad_data", limit.status().message());
  if (!per_metric.ok()) return WriteError(response, "bad_data", "limit_per_metric must be a number");
  const auto most = static_cast<std::size_t>(std::max<TimestampMs>(0, *per_metric / 1000));
  std::map<std::string, std::vector<MetricMetadata>> families;
  for (const auto& entry : api.scrape->Metadata(std::string(params.Get("metric")), 0)) {
    auto& known = families[entry.family];
    if (std::find(known.begin(), known.end(), entry.metadata) == known.end() && (most == 0 || known.size() < most))
      known.push_back(entry.metadata);
  }
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject();
    std::size_t n = 0;
    for (const auto& [family, entries] : families) {
      if (*limit > 0 && n++ == *limit) break;
      json.Key(family).BeginArray();
      for (const MetricMetadata& metadata : entries) WriteMetadata(json, metadata);
      json.EndArray();
    }
    json.EndObject();
  });
}

void TargetsMetadata(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  auto limit = LimitParam(params);
  if (!limit.ok()) return WriteError(response, "bad_data", limit.status().message());
  std::vector<Matcher> matchers;
  if (!params.Get("match_target").empty()) {
    auto parsed = promql::ParseSelector(params.Get("match_target"));
    if (!parsed.ok())
      return WriteError(response, "bad_data",
                        "invalid parameter \"match_target\": " + std::string(parsed.status().message()));
    matchers = std::move(*parsed);
  }
  const std::string metric(params.Get("metric"));
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginArray();
    std::size_t n = 0;
    for (const auto& entry : api.scrape->Metadata(metric, 0)) {
      const bool matched = std::all_of(matchers.begin(), matchers.end(),
                                       [&](const Matcher& m) { return m.MatchesLabels(entry.target_labels); });
      if (!matched) continue;
      if (*limit > 0 && n++ == *limit) break;
      json.BeginObject().Key("target").LabelObject(entry.target_labels);
      if (metric.empty()) json.Key("metric").String(entry.family);
      json.Key("type")
          .String(MetricTypeName(entry.metadata.type))
          .Key("help")
          .String(entry.metadata.help)
          .Key("unit")
          .String(entry.metadata.unit)
          .EndObject();
    }
    json.EndArray();
  });
}

}  // namespace

void RegisterTargets(http::Server& server, std::shared_ptr<const ApiContext> api) {
  server.Handle("GET", "/api/v1/targets", [api](const auto& q, auto& r) { Targets(*api, q, r); });
  server.Handle("GET", "/api/v1/targets/metadata", [api](const auto& q, auto& r) { TargetsMetadata(*api, q, r); });
  server.Handle("GET", "/api/v1/metadata", [api](const auto& q, auto& r) { Metadata(*api, q, r); });
}

}  // namespace cachescope::api
