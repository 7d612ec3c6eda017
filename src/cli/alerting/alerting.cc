#include "cli/alerting/alerting.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>

#include "base/duration.h"
#include "base/percent.h"
#include "base/rfc3339.h"

namespace cachescope::cli {
namespace {

constexpr std::size_t kShortestPrefix = 4;

bool IsFingerprint(const std::string& word) {
  return word.size() >= kShortestPrefix && word.size() <= 16 &&
         std::all_of(word.begin(), word.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The two largest units are enough for people.
std::string Rough(DurationMs ms) {
  const DurationMs seconds = ms / 1000;
  struct Unit {
    DurationMs seconds;
    const char* name;
  };
  constexpr Unit kUnits[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
  std::string out;
  DurationMs left = seconds;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const DurationMs count = left / unit.seconds;
    left %= unit.seconds;
    if (count == 0 && (shown == 0 && unit.seconds > 1)) continue;
    if (count > 0 || shown == 0) out += (out.empty() ? "" : " ") + std::to_string(count) + unit.name;
    if (++shown == 2) break;
  }
  return out;
}

}  // namespace

int FailWith(const Status& status) {
  std::cerr << "cachescope: " << status.message() << "\n";
  return status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound ? kUsage : kFailed;
}

void PrintJson(const nlohmann::json& json) {
  std::cout << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

std::string AuthorOf(const AlertingArguments& arguments) {
  if (!arguments.author.empty()) return arguments.author;
  const passwd* const user = getpwuid(getuid());
  return user != nullptr ? user->pw_name : "uid " + std::to_string(getuid());
}

std::string AsMatcher(const std::string& word) {
  if (word.find_first_of("=~!{") != std::string::npos) return word;
  return "alertname=" + nlohmann::json(word).dump();
}

std::string FilterQuery(const std::vector<std::string>& matchers) {
  std::string out;
  for (const std::string& matcher : matchers) {
    out += (out.empty() ? "?filter=" : "&filter=") + PercentEncode(AsMatcher(matcher));
  }
  return out;
}

Result<std::vector<nlohmann::json>> FindAlerts(ApiClient& client, const std::vector<std::string>& words) {
  const bool prints = std::all_of(words.begin(), words.end(), IsFingerprint);
  const std::string target = "/api/v1/alerting/alerts" + (prints ? std::string() : FilterQuery(words));
  CACHESCOPE_ASSIGN_OR_RETURN(const nlohmann::json data, client.Get(target));
  std::vector<nlohmann::json> out;
  for (const auto& alert : data.value("alerts", nlohmann::json::array())) {
    const std::string fingerprint = TextOf(alert, "fingerprint");
    const bool named =
        std::any_of(words.begin(), words.end(), [&](const std::string& word) { return fingerprint.starts_with(word); });
    if (!prints || named) out.push_back(alert);
  }
  if (out.empty()) return NotFound("no alert fires that is meant by this; `cachescope alerts list --all` shows them");
  return out;
}

std::string TextOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string Ago(const std::string& text) {
  const auto at = ParseRfc3339(text);
  if (!at.has_value() || *at <= 0) return {};
  const DurationMs past = Clock::System().NowMs() - *at;
  return past >= 0 ? Rough(past) + " ago" : "in " + Rough(-past);
}

std::string When(const std::string& text) {
  const auto at = ParseRfc3339(text);
  if (!at.has_value() || *at <= 0) return {};
  const std::time_t seconds = *at / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char out[64];
  std::strftime(out, sizeof out, "%d %b %H:%M:%S", &local);
  return out;
}

std::string Spent(const nlohmann::json& seconds) {
  return seconds.is_number() ? Rough(static_cast<DurationMs>(seconds.get<double>() * 1000)) : "-";
}

std::string LabelText(const nlohmann::json& labels, const std::vector<std::string>& without) {
  std::string out;
  for (const auto& [name, value] : labels.items()) {
    if (std::find(without.begin(), without.end(), name) != without.end()) continue;
    out += (out.empty() ? "" : ", ") + name + "=" + value.dump();
  }
  return out;
}

int RunAlerting(const Arguments& arguments) {
  struct Entry {
    const char* verb;
    std::function<int(const Arguments&)> run;
  };
  static const Entry kVerbs[] = {
      {"alerts list", RunAlertsList},
      {"alerts ack", [](const Arguments& a) { return RunAlertsAck(a, true); }},
      {"alerts unack", [](const Arguments& a) { return RunAlertsAck(a, false); }},
      {"alerts explain", RunAlertsExplain},
      {"alerts history", RunAlertsHistory},
      {"alerts stats", RunAlertsStats},
      {"silence add", RunSilenceAdd},
      {"silence list", RunSilenceList},
      {"silence expire", RunSilenceExpire},
      {"threshold list", RunThresholdList},
      {"threshold set", RunThresholdSet},
      {"threshold remove", RunThresholdRemove},
      {"route test", RunRouteTest},
      {"receiver list", RunReceiverList},
      {"receiver test", RunReceiverTest},
  };
  for (const Entry& entry : kVerbs) {
    if (arguments.verb == entry.verb) return entry.run(arguments);
  }
  return kUsage;
}

}  // namespace cachescope::cli
