#include "client/profile/report_json.h"
#include "client/profile/text_table.h"

namespace cachescope::client {

void AppendErrorReport(const ErrorReport& report, JsonText* json) {
  json->BeginObject();
  json->Field("window_seconds", report.window_seconds).Field("total", report.total);
  json->Field("in_window", report.in_window).Field("folded", report.folded);
  json->Key("errors").BeginArray();
  for (const ErrorRate& rate : report.errors) {
    json->BeginObject();
    json->Field("operation", rate.operation).Field("error_class", rate.error_class).Field("total", rate.total);
    json->Field("in_window", rate.in_window).Field("per_second", rate.per_second);
    json->Field("last_message", rate.last_message).Field("seconds_since_last", rate.seconds_since_last);
    json->EndObject();
  }
  json->EndArray();
  json->Key("operations").BeginArray();
  for (const OperationErrors& errors : report.operations) {
    json->BeginObject();
    json->Field("operation", errors.operation).Field("errors", errors.errors).Field("successes", errors.successes);
    json->Field("errors_per_second", errors.errors_per_second).Field("error_ratio", errors.error_ratio);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace cachescope::client

namespace cachescope {

std::string Json(const ErrorReport& report) {
  client::JsonText json;
  client::AppendErrorReport(report, &json);
  return json.Take();
}

std::string Text(const ErrorReport& report) {
  using client::LineText;
  std::string text = std::to_string(report.in_window) + " errors in " + client::DurationText(report.window_seconds) +
                     ", " + std::to_string(report.total) + " since the start\n";
  if (!report.operations.empty()) {
    std::vector<std::vector<std::string>> rows = {{"operation", "errors", "successes", "per second", "ratio"}};
    for (const OperationErrors& errors : report.operations) {
      rows.push_back({LineText(errors.operation), std::to_string(errors.errors), std::to_string(errors.successes),
                      client::NumberText(errors.errors_per_second), client::PercentText(errors.error_ratio)});
    }
    text += client::TableText(rows);
  }
  for (const ErrorRate& rate : report.errors) {
    text += LineText(rate.operation) + " " + LineText(rate.error_class) + ": " + std::to_string(rate.in_window) +
            ", last " + client::DurationText(rate.seconds_since_last) + " ago";
    text += rate.last_message.empty() ? "\n" : ": " + LineText(rate.last_message) + "\n";
  }
  if (report.folded > 0) text += std::to_string(report.folded) + " records of further names count as \"other\"\n";
  return text;
}

}  // namespace cachescope
