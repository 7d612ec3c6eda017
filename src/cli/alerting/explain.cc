// `cachescope alerts explain`: why an alert fires.
#include <iostream>

#include "base/number.h"
#include "cli/alerting/alerting.h"
#include "cli/table.h"
#include "server/doctor/alert_explanation.h"

namespace cachescope::cli {
namespace {

using Json = nlohmann::json;

std::vector<Sample> PointsOf(const Json& values) {
  std::vector<Sample> out;
  for (const Json& point : values.value("points", Json::array())) {
    if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_string()) continue;
    out.push_back(
        {static_cast<TimestampMs>(point[0].get<double>() * 1000), ParseFloat(point[1].get<std::string>()).value_or(0)});
  }
  return out;
}

std::string SeriesText(const Json& series) {
  const std::string labels = LabelText(series, {"__name__", "job"});
  return TextOf(series, "__name__") + (labels.empty() ? "" : "{" + labels + "}");
}

void PrintValues(const Json& values) {
  const std::vector<Sample> points = PointsOf(values);
  std::cout << "  " << TextOf(values, "query") << "\n";
  if (points.empty()) {
    std::cout << "  no values within the last hour\n";
    return;
  }
  std::cout << "  " << doctor::Bars(points, 60);
  if (!TextOf(values, "threshold").empty()) {
    std::cout << "   (" << TextOf(values, "comparison") << " " << TextOf(values, "threshold") << ")";
  }
  std::cout << "\n";
}

void PrintMoved(const Json& moved) {
  if (moved.empty()) {
    std::cout << "no other series of it left its usual band\n";
    return;
  }
  std::cout << "moved at the same time:\n";
  std::vector<TableRow> rows;
  for (const Json& one : moved) {
    const std::string unit = one.value("rate", false) ? "/s" : "";
    rows.push_back({"  " + When(TextOf(one, "onset")), SeriesText(one.value("series", Json::object())),
                    TextOf(one, "before") + unit + " → " + TextOf(one, "after") + unit});
  }
  std::cout << RenderTable(rows, 0);
}

void Print(const Json& alert, const Json& data) {
  const Json labels = alert.value("labels", Json::object());
  std::cout << TextOf(labels, "alertname") << "{" << LabelText(labels, {"alertname"}) << "}  since "
            << When(TextOf(alert, "startsAt")) << ", " << Ago(TextOf(alert, "startsAt")) << "\n";
  const std::string summary = TextOf(alert.value("annotations", Json::object()), "summary");
  if (!summary.empty()) std::cout << "  " << summary << "\n";
  PrintValues(data.value("values", Json::object()));
  const Json changes = data.value("changes", Json::array());
  std::cout << (changes.empty() ? "no restart, reload or change of version or role near that time\n" : "changes:\n");
  for (const Json& change : changes) {
    std::cout << "  " << When(TextOf(change, "at")) << "  " << TextOf(change, "text") << "  "
              << LabelText(change.value("series", Json::object()), {"__name__"}) << "\n";
  }
  for (const Json& note : data.value("annotations", Json::array())) {
    std::cout << "  " << When(TextOf(note, "at")) << "  noted: " << TextOf(note, "text") << "\n";
  }
  PrintMoved(data.value("moved", Json::array()));
  for (const Json& other : data.value("alerts", Json::array())) {
    std::cout << "also began: " << When(TextOf(other, "startsAt")) << "  " << TextOf(other, "alertname") << "\n";
  }
  if (data.value("seriesCut", false)) {
    std::cout << "only " << data.value("seriesRead", 0) << " of its series were looked at\n";
  }
  if (!TextOf(data, "runbook").empty()) std::cout << "what to do: " << TextOf(data, "runbook") << "\n";
}

}  // namespace

int RunAlertsExplain(const Arguments& arguments) {
  ApiClient client(arguments.alerting.url);
  const auto alerts = FindAlerts(client, arguments.alerting.matchers);
  if (!alerts.ok()) return FailWith(alerts.status());
  if (alerts->size() > 1) {
    std::cerr << "cachescope: " << alerts->size() << " alerts are meant by this; name one by its fingerprint:\n";
    for (const Json& alert : *alerts) {
      std::cerr << "  " << TextOf(alert, "fingerprint") << "  " << LabelText(alert.value("labels", Json::object()), {})
                << "\n";
    }
    return kUsage;
  }
  const auto data = client.Get("/api/v1/alerting/explain/" + TextOf(alerts->front(), "fingerprint"));
  if (!data.ok()) return FailWith(data.status());
  if (arguments.json) {
    PrintJson(*data);
  } else {
    Print(alerts->front(), *data);
  }
  return kOk;
}

}  // namespace cachescope::cli
