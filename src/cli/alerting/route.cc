// `cachescope route` and `cachescope receiver`.
#include <iostream>

#include "base/percent.h"
#include "cli/alerting/alerting.h"
#include "cli/table.h"
#include "server/notify/notifier.h"

namespace cachescope::cli {
namespace {

using Json = nlohmann::json;

Result<Labels> LabelsOf(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& word : words) {
    const std::size_t at = word.find('=');
    if (at == 0 || at == std::string::npos) {
      return InvalidArgument("cannot read label " + word + ": expected NAME=VALUE");
    }
    std::string value = word.substr(at + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    pairs.emplace_back(word.substr(0, at), std::move(value));
  }
  return Labels::FromPairs(std::move(pairs));
}

// From a file, without a server.
int TestFile(const Arguments& arguments, const Labels& labels) {
  const auto node = ConfigNode::ReadFile(arguments.alerting.config);
  if (!node.ok()) return FailWith(node.status());
  // A configuration of our own has the notifier's under `alerts`.
  const ConfigNode* const section = node->Find("alerts");
  const auto config = notify::ParseNotifierConfig(section != nullptr ? *section : *node);
  if (!config.ok()) return FailWith(config.status());
  const std::vector<std::string> receivers = notify::RouteTest(**config, labels);
  if (arguments.json) {
    PrintJson({{"receivers", receivers}});
    return kOk;
  }
  std::string line;
  for (const std::string& name : receivers) line += (line.empty() ? "" : ",") + name;
  std::cout << line << "\n";
  return kOk;
}

}  // namespace

int RunRouteTest(const Arguments& arguments) {
  const auto labels = LabelsOf(arguments.alerting.matchers);
  if (!labels.ok()) return FailWith(labels.status());
  if (!arguments.alerting.config.empty()) return TestFile(arguments, *labels);
  std::string target = "/api/v1/alerting/route";
  for (const LabelView& label : *labels) {
    target += (target.find('?') == std::string::npos ? "?label=" : "&label=") +
              PercentEncode(std::string(label.name) + "=" + std::string(label.value));
  }
  ApiClient client(arguments.alerting.url);
  const auto data = client.Get(target);
  if (!data.ok()) return FailWith(data.status());
  if (arguments.json) {
    PrintJson(*data);
    return kOk;
  }
  std::vector<TableRow> rows = {{"RECEIVER", "ROUTE", "GROUPED BY"}};
  for (const Json& route : data->value("routes", Json::array())) {
    std::string grouped;
    for (const Json& name : route.value("groupBy", Json::array())) {
      grouped += (grouped.empty() ? "" : ", ") + (name.is_string() ? name.get<std::string>() : "");
    }
    rows.push_back({TextOf(route, "receiver"), TextOf(route, "path"), grouped});
  }
  std::cout << RenderTable(rows, 0);
  return kOk;
}

int RunReceiverList(const Arguments& arguments) {
  ApiClient client(arguments.alerting.url);
  const auto data = client.Get("/api/v1/alerting/receivers");
  if (!data.ok()) return FailWith(data.status());
  if (arguments.json) {
    PrintJson(*data);
    return kOk;
  }
  std::vector<TableRow> rows = {{"RECEIVER", "CHANNEL", "LAST SENT", "LAST ERROR", "SENT", "FAILED"}};
  for (const Json& receiver : data->value("receivers", Json::array())) {
    for (const Json& one : receiver.value("integrations", Json::array())) {
      const std::string error = TextOf(one, "lastError");
      rows.push_back({TextOf(receiver, "name"), TextOf(one, "name"), Ago(TextOf(one, "lastSentAt")),
                      one.value("supported", true) ? error : "this version cannot send this way",
                      std::to_string(one.value("sent", std::int64_t{0})),
                      std::to_string(one.value("failed", std::int64_t{0}))});
    }
  }
  std::cout << RenderTable(rows, 2);
  return kOk;
}

int RunReceiverTest(const Arguments& arguments) {
  ApiClient client(arguments.alerting.url);
  const auto data = client.Ask("POST", "/api/v1/alerting/receivers/" + PercentEncode(arguments.alerting.name) + "/test",
                               Json::object());
  if (!data.ok()) return FailWith(data.status());
  bool all = true;
  for (const Json& one : data->value("results", Json::array())) all = all && one.value("ok", false);
  if (arguments.json) {
    PrintJson(*data);
    return all ? kOk : kAnswerBad;
  }
  for (const Json& one : data->value("results", Json::array())) {
    std::cout << TextOf(one, "integration") << ": "
              << (one.value("ok", false) ? "arrived" : "failed: " + TextOf(one, "error")) << "\n";
  }
  return all ? kOk : kAnswerBad;
}

}  // namespace cachescope::cli
