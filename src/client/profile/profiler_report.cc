#include "cachescope/profiler_report.h"

#include "client/profile/report_json.h"
#include "client/profile/text_table.h"

namespace cachescope {
namespace {

using client::DurationText;
using client::JsonText;
using client::LineText;
using client::PercentText;

void AppendOperation(const OperationProfile& profile, JsonText* json) {
  json->BeginObject();
  json->Field("name", profile.name);
  json->Field("count", profile.count);
  json->Field("failures", profile.failures);
  json->Field("active", profile.active);
  json->Field("success_rate", profile.success_rate);
  json->Field("total_seconds", profile.total);
  json->Field("mean_seconds", profile.mean);
  json->Field("min_seconds", profile.min);
  json->Field("max_seconds", profile.max);
  json->Field("p50_seconds", profile.p50);
  json->Field("p95_seconds", profile.p95);
  json->Field("p99_seconds", profile.p99);
  json->EndObject();
}

}  // namespace

std::string Json(const ProfileReport& report) {
  JsonText json;
  client::AppendProfileReport(report, &json);
  return json.Take();
}

std::string Text(const ProfileReport& report) {
  std::string text = std::to_string(report.count) + " operations, " + std::to_string(report.failures) + " failed\n";
  std::vector<std::vector<std::string>> rows = {
      {"operation", "count", "failed", "active", "success", "total", "mean", "min", "p50", "p95", "p99", "max"}};
  for (const OperationProfile& p : report.operations) {
    rows.push_back({LineText(p.name), std::to_string(p.count), std::to_string(p.failures), std::to_string(p.active),
                    PercentText(p.success_rate), DurationText(p.total), DurationText(p.mean), DurationText(p.min),
                    DurationText(p.p50), DurationText(p.p95), DurationText(p.p99), DurationText(p.max)});
  }
  text += client::TableText(rows);
  if (!report.active.empty()) {
    rows = {{"active", "for", "thread"}};
    for (const ActiveOperation& active : report.active) {
      rows.push_back({LineText(active.name), DurationText(active.seconds),
                      active.thread_id == 0 ? "-" : std::to_string(active.thread_id)});
    }
    text += "\n" + client::TableText(rows);
  }
  const auto note = [&](std::uint64_t count, const char* what) {
    if (count > 0) text += std::to_string(count) + what;
  };
  note(report.unlisted, " more active operations are not listed\n");
  note(report.folded, " look-ups of further names count as \"other\"\n");
  note(report.refused, " operations were not started: too many active\n");
  return text;
}

}  // namespace cachescope

namespace cachescope::client {

void AppendProfileReport(const ProfileReport& report, JsonText* json) {
  json->BeginObject();
  json->Field("count", report.count).Field("failures", report.failures).Field("success_rate", report.success_rate);
  json->Field("unlisted", report.unlisted).Field("folded", report.folded).Field("refused", report.refused);
  json->Key("operations").BeginArray();
  for (const OperationProfile& profile : report.operations) AppendOperation(profile, json);
  json->EndArray();
  json->Key("active").BeginArray();
  for (const ActiveOperation& active : report.active) {
    json->BeginObject();
    json->Field("name", active.name).Field("age_seconds", active.seconds).Field("thread_id", active.thread_id);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace cachescope::client
