#include <cmath>

#include "cachescope/live_statistics_snapshot.h"
#include "client/profile/json_text.h"
#include "client/profile/text_table.h"

namespace cachescope {
namespace {

using client::BytesText;
using client::JsonText;
using client::LineText;
using client::NumberText;
using client::PercentText;

void AppendTrend(std::string_view name, const Trend& trend, JsonText* json) {
  json->Key(name).BeginObject();
  json->Field("direction", TrendDirectionName(trend.direction)).Field("per_hour", trend.per_hour);
  json->Field("per_hour_low", trend.per_hour_low).Field("per_hour_high", trend.per_hour_high);
  json->Field("r_squared", trend.r_squared).Field("readings", trend.readings);
  json->EndObject();
}

void AppendCache(const CacheSnapshot& cache, JsonText* json) {
  json->BeginObject();
  json->Field("name", cache.name).Field("readings", cache.readings);
  json->Field("history_seconds", cache.history_seconds).Field("seconds_since_reading", cache.seconds_since_reading);
  json->Field("hits", cache.hits).Field("misses", cache.misses).Field("errors", cache.errors);
  json->Field("evictions", cache.evictions).Field("expirations", cache.expirations);
  json->Field("hit_ratio", cache.hit_ratio).Field("error_ratio", cache.error_ratio);
  json->Field("lookups_per_second", cache.lookups_per_second).Field("cleanups_per_hour", cache.cleanups_per_hour);
  json->Field("removed_per_cleanup", cache.removed_per_cleanup);
  json->Field("entries", cache.entries).Field("bytes", cache.bytes).Field("capacity_bytes", cache.capacity_bytes);
  json->Field("fill", cache.fill).Field("memory", MemoryLevelName(cache.memory));
  AppendTrend("bytes_trend", cache.bytes_trend, json);
  AppendTrend("entries_trend", cache.entries_trend, json);
  AppendTrend("hit_ratio_trend", cache.hit_ratio_trend, json);
  AppendTrend("cleanups_trend", cache.cleanups_trend, json);
  json->Field("seconds_to_full", cache.seconds_to_full);
  json->EndObject();
}

void AppendRecommendation(const Recommendation& advice, JsonText* json) {
  json->BeginObject();
  json->Field("id", advice.id).Field("severity", AdviceSeverityName(advice.severity)).Field("cache", advice.cache);
  json->Key("evidence").BeginObject();
  for (const Evidence& evidence : advice.evidence) json->Field(evidence.name, evidence.value);
  json->EndObject();
  json->Field("advice", advice.advice);
  json->EndObject();
}

std::string TrendText(const Trend& trend) {
  std::string text(TrendDirectionName(trend.direction));
  const bool moves = trend.direction == TrendDirection::kGrowing || trend.direction == TrendDirection::kShrinking;
  return moves ? text + " " + BytesText(trend.per_hour) + "/h" : text;
}

std::vector<std::string> Row(std::string name, const CacheSnapshot& cache) {
  return {std::move(name),
          PercentText(cache.hit_ratio),
          NumberText(cache.lookups_per_second),
          PercentText(cache.error_ratio),
          NumberText(cache.entries),
          BytesText(cache.bytes),
          PercentText(cache.fill),
          std::string(MemoryLevelName(cache.memory)),
          TrendText(cache.bytes_trend),
          NumberText(cache.cleanups_per_hour)};
}

}  // namespace

std::string_view TrendDirectionName(TrendDirection direction) noexcept {
  constexpr std::string_view kNames[] = {"unknown", "stable", "growing", "shrinking"};
  return kNames[static_cast<std::size_t>(direction)];
}

std::string_view MemoryLevelName(MemoryLevel level) noexcept {
  constexpr std::string_view kNames[] = {"unknown", "ok", "warning", "critical"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string_view AdviceSeverityName(AdviceSeverity severity) noexcept {
  constexpr std::string_view kNames[] = {"info", "warning", "critical"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::string Json(const LiveSnapshot& snapshot) {
  JsonText json;
  json.BeginObject();
  json.Key("caches").BeginArray();
  for (const CacheSnapshot& cache : snapshot.caches) AppendCache(cache, &json);
  json.EndArray();
  json.Key("total");
  AppendCache(snapshot.total, &json);
  json.Field("process_resident_bytes", snapshot.process_resident_bytes);
  json.Key("recommendations").BeginArray();
  for (const Recommendation& advice : snapshot.recommendations) AppendRecommendation(advice, &json);
  json.EndArray();
  json.Field("refused", snapshot.refused).Field("source_errors", snapshot.source_errors);
  return json.EndObject().Take();
}

std::string Text(const LiveSnapshot& snapshot) {
  std::vector<std::vector<std::string>> rows = {
      {"cache", "hits", "lookups/s", "errors", "entries", "memory", "fill", "level", "trend", "cleanups/h"}};
  for (const CacheSnapshot& cache : snapshot.caches) rows.push_back(Row(LineText(cache.name), cache));
  rows.push_back(Row("all caches", snapshot.total));
  std::string text = client::TableText(rows);
  text += "process: " + BytesText(snapshot.process_resident_bytes) + " resident\n";
  for (const Recommendation& advice : snapshot.recommendations) {
    text += std::string(AdviceSeverityName(advice.severity)) + " " + advice.id + " ";
    text += (advice.cache.empty() ? "all caches" : LineText(advice.cache)) + ": ";
    for (const Evidence& evidence : advice.evidence) text += evidence.name + " " + NumberText(evidence.value) + ", ";
    text.replace(text.size() - 2, 2, "\n  ");
    text += advice.advice + "\n";
  }
  if (snapshot.refused > 0) text += std::to_string(snapshot.refused) + " readings of further caches refused\n";
  if (snapshot.source_errors > 0) text += std::to_string(snapshot.source_errors) + " readings lost: a source threw\n";
  return text;
}

}  // namespace cachescope
