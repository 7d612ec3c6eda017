// `cachescope silence`: add, list, expire.
#include <iostream>

#include "base/rfc3339.h"
#include "cli/alerting/alerting.h"
#include "cli/table.h"

namespace cachescope::cli {
namespace {

using Json = nlohmann::json;

std::string MatcherText(const Json& matcher) {
  const bool equal = matcher.value("isEqual", true);
  const bool regex = matcher.value("isRegex", false);
  return TextOf(matcher, "name") + (regex ? (equal ? "=~" : "!~") : (equal ? "=" : "!=")) +
         Json(TextOf(matcher, "value")).dump();
}

// `name=value` in Alertmanager's JSON. Values may stand in quotes.
Result<Json> MatcherJson(const std::string& word) {
  const std::string text = AsMatcher(word);
  const std::size_t at = text.find_first_of("=!");
  if (at == 0 || at == std::string::npos) return InvalidArgument("cannot read matcher " + word + ": it has no name");
  const bool equal = text[at] == '=';
  std::size_t value_at = at + 1;
  bool regex = false;
  if (value_at < text.size() && text[value_at] == '~') {
    regex = true;
    ++value_at;
  } else if (!equal) {
    if (value_at >= text.size() || text[value_at] != '=') {
      return InvalidArgument("cannot read matcher " + word + ": expected =, !=, =~ or !~");
    }
    ++value_at;
  }
  std::string value = text.substr(value_at);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    const Json unquoted = Json::parse(value, nullptr, false);
    if (!unquoted.is_string()) return InvalidArgument("cannot read matcher " + word + ": bad quotes");
    value = unquoted.get<std::string>();
  }
  return Json{{"name", text.substr(0, at)}, {"value", value}, {"isRegex", regex}, {"isEqual", equal}};
}

}  // namespace

int RunSilenceAdd(const Arguments& arguments) {
  const AlertingArguments& a = arguments.alerting;
  Json matchers = Json::array();
  for (const std::string& word : a.matchers) {
    const auto matcher = MatcherJson(word);
    if (!matcher.ok()) return FailWith(matcher.status());
    matchers.push_back(*matcher);
  }
  TimestampMs start = Clock::System().NowMs();
  if (!a.start.empty()) {
    const auto given = ParseRfc3339(a.start);
    if (!given.has_value())
      return FailWith(InvalidArgument("--start: cannot parse \"" + a.start + "\": expected 2026-11-20T22:00:00Z"));
    start = *given;
  }
  const std::string end = a.end.empty() ? FormatRfc3339(start + a.duration) : a.end;
  ApiClient client(a.url);
  const auto answer = client.Ask("POST", "/api/v2/silences",
                                 {{"matchers", matchers},
                                  {"startsAt", FormatRfc3339(start)},
                                  {"endsAt", end},
                                  {"createdBy", AuthorOf(a)},
                                  {"comment", a.comment}});
  if (!answer.ok()) return FailWith(answer.status());
  if (arguments.json) {
    PrintJson(*answer);
  } else {
    std::cout << TextOf(*answer, "silenceID") << "\n";
  }
  return kOk;
}

int RunSilenceList(const Arguments& arguments) {
  const AlertingArguments& a = arguments.alerting;
  std::string target = "/api/v2/silences" + FilterQuery(a.matchers);
  if (!a.all) target += (a.matchers.empty() ? "?" : "&") + std::string("expired=false");
  ApiClient client(a.url);
  const auto silences = client.Get(target);
  if (!silences.ok()) return FailWith(silences.status());
  if (arguments.json) {
    PrintJson(*silences);
    return kOk;
  }
  std::vector<TableRow> rows = {{"ID", "STATE", "MATCHERS", "ENDS", "BY", "COMMENT"}};
  for (const Json& silence : *silences) {
    std::string matchers;
    for (const Json& matcher : silence.value("matchers", Json::array())) {
      matchers += (matchers.empty() ? "" : ", ") + MatcherText(matcher);
    }
    rows.push_back({TextOf(silence, "id"), TextOf(silence.value("status", Json::object()), "state"), matchers,
                    Ago(TextOf(silence, "endsAt")), TextOf(silence, "createdBy"), TextOf(silence, "comment")});
  }
  std::cout << (rows.size() == 1 ? "no silences\n" : RenderTable(rows, 0));
  return kOk;
}

int RunSilenceExpire(const Arguments& arguments) {
  ApiClient client(arguments.alerting.url);
  for (const std::string& id : arguments.alerting.matchers) {
    const auto answer = client.Ask("DELETE", "/api/v2/silence/" + id);
    if (!answer.ok()) return FailWith(answer.status().WithPrefix("cannot expire " + id));
  }
  if (arguments.json) PrintJson({{"expired", arguments.alerting.matchers}});
  return kOk;
}

}  // namespace cachescope::cli
