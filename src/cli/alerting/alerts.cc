// `cachescope alerts`: list, acknowledge, history, statistics.
#include <iostream>

#include "base/percent.h"
#include "base/rfc3339.h"
#include "cli/alerting/alerting.h"
#include "cli/table.h"

namespace cachescope::cli {
namespace {

using Json = nlohmann::json;

// "silenced", "acknowledged by ada" … or "firing".
std::string StateOf(const Json& alert) {
  const Json status = alert.value("status", Json::object());
  const auto some = [&](const char* key) { return !status.value(key, Json::array()).empty(); };
  if (some("silencedBy")) return "silenced";
  if (some("inhibitedBy")) return "inhibited";
  if (some("mutedBy")) return "muted";
  const Json acknowledged = alert.value("acknowledged", Json());
  if (acknowledged.is_object()) return "acknowledged by " + TextOf(acknowledged, "author");
  return alert.value("flapping", false) ? "firing, flapping" : "firing";
}

std::string SinceQuery(DurationMs since, DurationMs fallback) {
  const TimestampMs start = Clock::System().NowMs() - (since > 0 ? since : fallback);
  return "?start=" + std::to_string(start / 1000);
}

// What an event says beyond its kind.
std::string DetailsOf(const Json& event) {
  const Json details = event.value("details", Json::object());
  std::string out;
  for (const char* key : {"receiver", "integration", "author", "comment", "severity", "reason", "error", "text"}) {
    const std::string text = TextOf(details, key);
    if (!text.empty()) out += (out.empty() ? "" : ", ") + text;
  }
  const std::string labels = LabelText(event.value("labels", details.value("labels", Json::object())), {"alertname"});
  return out.empty() ? labels : out + (labels.empty() ? "" : "  " + labels);
}

}  // namespace

int RunAlertsList(const Arguments& arguments) {
  ApiClient client(arguments.alerting.url);
  const auto data = client.Get("/api/v1/alerting/alerts" + FilterQuery(arguments.alerting.matchers));
  if (!data.ok()) return FailWith(data.status());
  if (arguments.json) {
    PrintJson(*data);
    return kOk;
  }
  std::vector<TableRow> rows = {{"FINGERPRINT", "STATE", "SEVERITY", "ALERT", "LABELS", "SINCE", "VALUE"}};
  std::size_t hidden = 0;
  for (const Json& alert : data->value("alerts", Json::array())) {
    const std::string state = StateOf(alert);
    if (!arguments.alerting.all && !state.starts_with("firing")) {
      ++hidden;
      continue;
    }
    const Json labels = alert.value("labels", Json::object());
    rows.push_back({TextOf(alert, "fingerprint"), state, TextOf(labels, "severity"), TextOf(labels, "alertname"),
                    LabelText(labels, {"alertname", "severity"}), Ago(TextOf(alert, "startsAt")),
                    TextOf(alert, "value")});
  }
  if (rows.size() == 1) {
    std::cout << "nothing fires";
  } else {
    std::cout << RenderTable(rows, 1);
  }
  if (rows.size() == 1) std::cout << (hidden > 0 ? " that nobody has" : "") << "\n";
  if (hidden > 0) std::cout << hidden << " silenced, inhibited or acknowledged: --all shows them\n";
  return kOk;
}

int RunAlertsAck(const Arguments& arguments, bool acknowledge) {
  ApiClient client(arguments.alerting.url);
  const auto alerts = FindAlerts(client, arguments.alerting.matchers);
  if (!alerts.ok()) return FailWith(alerts.status());
  Json done = Json::array();
  for (const Json& alert : *alerts) {
    const std::string fingerprint = TextOf(alert, "fingerprint");
    const std::string author = AuthorOf(arguments.alerting);
    const auto answer =
        acknowledge
            ? client.Ask("POST", "/api/v1/alerting/acknowledgements",
                         {{"fingerprint", fingerprint}, {"author", author}, {"comment", arguments.alerting.comment}})
            : client.Ask("DELETE",
                         "/api/v1/alerting/acknowledgements/" + fingerprint + "?author=" + PercentEncode(author));
    if (!answer.ok()) return FailWith(answer.status());
    done.push_back(fingerprint);
    if (arguments.json) continue;
    const Json labels = alert.value("labels", Json::object());
    std::cout << (acknowledge ? "acknowledged until it clears: " : "told again: ") << TextOf(labels, "alertname") << "{"
              << LabelText(labels, {"alertname"}) << "}\n";
  }
  if (arguments.json) PrintJson({{acknowledge ? "acknowledged" : "unacknowledged", done}});
  return kOk;
}

int RunAlertsHistory(const Arguments& arguments) {
  const AlertingArguments& a = arguments.alerting;
  constexpr DurationMs kDay = 24 * 3600'000;
  std::string target = "/api/v1/alerting/history" + SinceQuery(a.since, kDay) + "&limit=" + std::to_string(a.limit);
  if (!a.alert.empty()) target += "&alertname=" + PercentEncode(a.alert);
  if (!a.kind.empty()) target += "&kind=" + PercentEncode(a.kind);
  ApiClient client(a.url);
  const auto data = client.Get(target);
  if (!data.ok()) return FailWith(data.status());
  if (arguments.json) {
    PrintJson(*data);
    return kOk;
  }
  std::vector<TableRow> rows = {{"TIME", "WHAT", "ALERT", "FINGERPRINT", "DETAILS"}};
  for (const Json& event : data->value("events", Json::array())) {
    rows.push_back({When(TextOf(event, "at")), TextOf(event, "kind"), TextOf(event, "alertname"),
                    TextOf(event, "fingerprint"), DetailsOf(event)});
  }
  std::cout << (rows.size() == 1 ? "nothing happened in that time\n" : RenderTable(rows, 0));
  return kOk;
}

int RunAlertsStats(const Arguments& arguments) {
  constexpr DurationMs kWeek = 7 * 24 * 3600'000;
  ApiClient client(arguments.alerting.url);
  const auto data = client.Get("/api/v1/alerting/statistics" + SinceQuery(arguments.alerting.since, kWeek));
  if (!data.ok()) return FailWith(data.status());
  if (arguments.json) {
    PrintJson(*data);
    return kOk;
  }
  std::vector<TableRow> rows = {
      {"ALERT", "FIRED", "TIME FIRING", "TO ACK", "TO RESOLVE", "PAGES", "AT NIGHT", "FLAPS", "NEVER ACKED"}};
  const auto number = [](const Json& row, const char* key) { return std::to_string(row.value(key, std::int64_t{0})); };
  for (const Json& row : data->value("alerts", Json::array())) {
    rows.push_back({TextOf(row, "alertname"), number(row, "fired"), Spent(row.value("firingSeconds", Json())),
                    Spent(row.value("meanSecondsToAcknowledge", Json())),
                    Spent(row.value("meanSecondsToResolve", Json())), number(row, "pages"), number(row, "nightPages"),
                    number(row, "flaps"), number(row, "neverAcknowledged")});
  }
  std::cout << (rows.size() == 1 ? "nothing fired in that time\n" : RenderTable(rows, 8));
  return kOk;
}

}  // namespace cachescope::cli
