// /api/v1/targets, targets/metadata, metadata.
#include <charconv>
#include <map>
#include <set>

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

// Most entries wanted; below 0: all. kInvalidArgument with upstream's words.
Result<std::int64_t> EntryLimit(const http::Params& params, const char* name) {
  const std::string_view text = params.Get(name);
  std::int64_t value = -1;
  if (text.empty()) return value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return InvalidArgument(std::string(name) + " must be a number");
  return value;
}

void Metadata(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  const auto limit = EntryLimit(params, "limit");
  if (!limit.ok()) return WriteError(response, "bad_data", limit.status().message());
  const auto per_metric = EntryLimit(params, "limit_per_metric");
  if (!per_metric.ok()) return WriteError(response, "bad_data", per_metric.status().message());
  // Of one metric no limit is also 0.
  const std::size_t most = *per_metric > 0 ? static_cast<std::size_t>(*per_metric) : 0;
  std::map<std::string, std::vector<MetricMetadata>> families;
  for (const auto& entry : api.scrape->Metadata(std::string(params.Get("metric")), 0)) {
    auto& known = families[entry.family];
    if (std::find(known.begin(), known.end(), entry.metadata) == known.end() && (most == 0 || known.size() < most))
      known.push_back(entry.metadata);
  }
  if (api.write != nullptr) {
    for (auto& [family, metadata] : api.write->metadata().Get(params.Get("metric"))) {
      auto& known = families[family];
      if (known.empty()) known.push_back(std::move(metadata));
    }
  }
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject();
    std::int64_t n = 0;
    for (const auto& [family, entries] : families) {
      if (*limit >= 0 && n++ >= *limit) break;
      json.Key(family).BeginArray();
      for (const MetricMetadata& metadata : entries) WriteMetadata(json, metadata);
      json.EndArray();
    }
    json.EndObject();
  });
}

void TargetsMetadata(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  const auto limit = EntryLimit(params, "limit");
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
    std::int64_t n = 0;
    for (const auto& entry : api.scrape->Metadata(metric, 0)) {
      const bool matched = std::all_of(matchers.begin(), matchers.end(),
                                       [&](const Matcher& m) { return m.MatchesLabels(entry.target_labels); });
      if (!matched) continue;
      if (*limit >= 0 && n++ >= *limit) break;
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

void ScrapePools(const ApiContext& api, http::ResponseWriter& response) {
  std::set<std::string> pools;
  for (const auto& target : api.scrape->ActiveTargets()) pools.insert(target.spec.job);
  for (const auto& target : api.scrape->DroppedTargets()) pools.insert(target.job);
  WriteSuccess(response, [&](JsonWriter& json) {
    json.BeginObject().Key("scrapePools").BeginArray();
    for (const std::string& pool : pools) json.String(pool);
    json.EndArray().EndObject();
  });
}

}  // namespace

void RegisterTargets(http::Server& server, std::shared_ptr<const ApiContext> api) {
  server.Handle("GET", "/api/v1/targets", [api](const auto& q, auto& r) { Targets(*api, q, r); });
  server.Handle("GET", "/api/v1/scrape_pools", [api](const auto&, auto& r) { ScrapePools(*api, r); });
  server.Handle("GET", "/api/v1/targets/metadata", [api](const auto& q, auto& r) { TargetsMetadata(*api, q, r); });
  server.Handle("GET", "/api/v1/metadata", [api](const auto& q, auto& r) { Metadata(*api, q, r); });
}

}  // namespace cachescope::api
