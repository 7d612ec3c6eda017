// `cachescope threshold`: list, set, remove.
#include <iostream>

#include "base/duration.h"
#include "base/number.h"
#include "base/percent.h"
#include "cli/alerting/alerting.h"
#include "cli/table.h"

namespace cachescope::cli {
namespace {

using Json = nlohmann::json;

// "10m:critical:second-line"; the receiver may be left out, then only the severity rises.
Result<Json> StepOf(const std::string& text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
  if (first == std::string::npos) {
    return InvalidArgument("--escalate: expected AFTER:SEVERITY:RECEIVER, as in 10m:critical:second-line");
  }
  Json out = {{"after", text.substr(0, first)}, {"severity", text.substr(first + 1, second - first - 1)}};
  if (second != std::string::npos) out["receiver"] = text.substr(second + 1);
  return out;
}

}  // namespace

int RunThresholdList(const Arguments& arguments) {
  ApiClient client(arguments.alerting.url);
  const auto data = client.Get("/api/v1/alerting/thresholds");
  if (!data.ok()) return FailWith(data.status());
  if (arguments.json) {
    PrintJson(*data);
    return kOk;
  }
  std::vector<TableRow> rows = {{"ID", "STATE", "SEVERITY", "CONDITION", "FOR", "COOLDOWN", "BY"}};
  for (const Json& one : data->value("thresholds", Json::array())) {
    const std::string state = one.value("enabled", true) ? TextOf(one, "state") : "disabled";
    const std::string value = one.contains("value") ? one["value"].dump() : "";
    rows.push_back({TextOf(one, "id"), state, TextOf(one, "severity"),
                    TextOf(one, "expression") + " " + TextOf(one, "operator") + " " + value, TextOf(one, "for"),
                    TextOf(one, "cooldown"), TextOf(one, "author")});
  }
  std::cout << (rows.size() == 1 ? "no thresholds\n" : RenderTable(rows, 0));
  return kOk;
}

int RunThresholdSet(const Arguments& arguments) {
  const AlertingArguments& a = arguments.alerting;
  const auto value = ParseFloat(a.value);
  if (!value) return FailWith(InvalidArgument("--value: \"" + a.value + "\" is no number"));
  Json steps = Json::array();
  for (const std::string& text : a.escalation) {
    const auto step = StepOf(text);
    if (!step.ok()) return FailWith(step.status());
    steps.push_back(*step);
  }
  const Json body = {{"id", a.id},
                     {"name", a.name.empty() ? a.id : a.name},
                     {"expression", a.expr},
                     {"operator", a.op},
                     {"value", *value},
                     {"severity", a.severity.empty() ? "warning" : a.severity},
                     {"for", FormatDuration(a.hold)},
                     {"cooldown", FormatDuration(a.cooldown)},
                     {"escalation", steps},
                     {"summary", a.summary},
                     {"enabled", !a.disable},
                     {"author", AuthorOf(a)}};
  ApiClient client(a.url);
  const auto answer = client.Ask("PUT", "/api/v1/alerting/thresholds/" + PercentEncode(a.id), body);
  if (!answer.ok()) return FailWith(answer.status());
  if (arguments.json) {
    PrintJson(*answer);
  } else {
    std::cout << "threshold " << a.id << " is set\n";
  }
  return kOk;
}

int RunThresholdRemove(const Arguments& arguments) {
  ApiClient client(arguments.alerting.url);
  for (const std::string& id : arguments.alerting.matchers) {
    const auto answer = client.Ask("DELETE", "/api/v1/alerting/thresholds/" + PercentEncode(id));
    if (!answer.ok()) return FailWith(answer.status().WithPrefix("cannot remove " + id));
  }
  if (arguments.json) PrintJson({{"removed", arguments.alerting.matchers}});
  return kOk;
}

}  // namespace cachescope::cli
