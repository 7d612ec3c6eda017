// The verbs about alerts, and what they share. Each returns the exit code.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/alerting/api_client.h"
#include "cli/arguments.h"

namespace cachescope::cli {

int RunAlertsList(const Arguments& arguments);
int RunAlertsAck(const Arguments& arguments, bool acknowledge);
int RunAlertsExplain(const Arguments& arguments);
int RunAlertsHistory(const Arguments& arguments);
int RunAlertsStats(const Arguments& arguments);
int RunSilenceAdd(const Arguments& arguments);
int RunSilenceList(const Arguments& arguments);
int RunSilenceExpire(const Arguments& arguments);
int RunThresholdList(const Arguments& arguments);
int RunThresholdSet(const Arguments& arguments);
int RunThresholdRemove(const Arguments& arguments);
int RunRouteTest(const Arguments& arguments);
int RunReceiverList(const Arguments& arguments);
int RunReceiverTest(const Arguments& arguments);

// Prints the error; kUsage when the server refused what was asked for, else kFailed.
int FailWith(const Status& status);
void PrintJson(const nlohmann::json& json);
// The author given, else the user's name.
std::string AuthorOf(const AlertingArguments& arguments);
// "?filter=…&filter=…"; a word without an operator is the name of an alert, as amtool has it. Empty without matchers.
std::string FilterQuery(const std::vector<std::string>& matchers);
std::string AsMatcher(const std::string& word);
// Alerts that the words mean: fingerprints by their beginning, or those that match all matchers. kNotFound: none.
Result<std::vector<nlohmann::json>> FindAlerts(ApiClient& client, const std::vector<std::string>& words);

// "2m 3s ago", "in 5m"; empty for no time. `text` is RFC 3339.
std::string Ago(const std::string& text);
// "21 Nov 14:03:05" in local time.
std::string When(const std::string& text);
// "1h 3m"; "-" for null.
std::string Spent(const nlohmann::json& seconds);
// `a="b", c="d"` without the labels named.
std::string LabelText(const nlohmann::json& labels, const std::vector<std::string>& without);
// The text behind a key; empty when it is null or missing.
std::string TextOf(const nlohmann::json& object, const char* key);

}  // namespace cachescope::cli
