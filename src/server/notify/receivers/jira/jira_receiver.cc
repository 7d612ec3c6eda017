#include "server/notify/receivers/jira/jira_receiver.h"

#include <algorithm>

#include "server/http/url.h"
#include "server/notify/receivers/digest.h"
#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxSummaryCharacters = 255;
constexpr std::size_t kMaxDescriptionCharacters = 32767;

struct Issue {
  std::string key;  // "OPS-1"; empty: there is none
  bool done = false;
};

// A text in a query of Jira's.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

// A field that is a template, or a mapping with one.
struct Field {
  std::string text;
  bool update = true;
};

Field FieldOf(const ConfigNode* node, const char* otherwise) {
  Field out;
  if (node != nullptr && node->IsScalar()) out.text = node->scalar();
  if (node != nullptr && node->IsMapping()) {
    out.text = TextIn(*node, "template");
    out.update = TextIn(*node, "enable_update") != "false";
  }
  if (out.text.empty()) out.text = otherwise;
  return out;
}

std::string TextAt(const Json& json, const std::string& path) {
  const Json::json_pointer pointer(path);
  if (!json.contains(pointer) || !json.at(pointer).is_string()) return {};
  return json.at(pointer).get<std::string>();
}

// One notification on its way.
class JiraCall {
 public:
  JiraCall(const Settings& settings, const Notification& notification, const NotifyContext& context)
      : settings_(settings),
        notification_(notification),
        rendering_(notification, context),
        sender_("Jira", settings, notification, context),
        base_(settings.Text("api_url")),
        label_("ALERT{" + GroupKeyHash(notification.group_key) + "}") {
    while (base_.ends_with('/')) base_.pop_back();
  }

  NotifyResult Run() {
    project_ = rendering_.Address(settings_.Text("project"));
    const std::string type = rendering_.Address(settings_.Text("issue_type"));
    if (!rendering_.status().ok()) return CannotSend("Jira", rendering_.status(), FailureReason::kTemplate);
    Issue issue;
    if (NotifyResult result = Search(&issue); !result.status.ok()) return result;
    if (issue.key.empty() && !notification_.firing) return {};
    Json fields;
    if (Status status = Fields(!issue.key.empty(), type, &fields); !status.ok())
      return CannotSend("Jira", status, FailureReason::kTemplate);
    NotifyResult result = issue.key.empty() ? Ask("POST", base_ + "/issue", {{"fields", fields}}, nullptr)
                                            : Ask("PUT", base_ + "/issue/" + issue.key, {{"fields", fields}}, nullptr);
    if (!result.status.ok() || issue.key.empty()) return result;
    return Transition(issue);
  }

 private:
  NotifyResult Ask(const char* method, const std::string& url, const Json& body, Json* answer) {
    HttpMessage message;
    message.method = method;
    message.url = url;
    message.headers = {{"Accept-Language", "en"}};
    if (!body.is_null()) message.body = Dump(body);
    http::Response response;
    NotifyResult result = sender_.Send(std::move(message), &response);
    if (!result.status.ok() || answer == nullptr) return result;
    *answer = Json::parse(response.body, nullptr, false);
    if (answer->is_object()) return {};
    return NotifyResult::Failed(Unavailable("Jira answered what is not JSON"), FailureReason::kServerError, true);
  }

  // Where searches go: Jira Cloud has given up the old place.
  std::string SearchUrl() const {
    const std::string& type = settings_.Text("api_type");
    const auto url = http::ParseUrl(base_);
    const bool cloud = type == "cloud" || (type == "auto" && url.ok() && url->host.ends_with("atlassian.net"));
    if (!cloud) return base_ + "/search";
    std::string out = base_;
    if (out.ends_with("/2")) out.back() = '3';
    return out + "/search/jql";
  }

  NotifyResult Search(Issue* issue) {
    std::string query;
    if (const std::string& wont_fix = settings_.Text("wont_fix_resolution"); !wont_fix.empty())
      query += "resolution != " + Quoted(wont_fix) + " and ";
    const DurationMs reopen = settings_.Duration("reopen_duration");
    if (notification_.firing && settings_.Has("reopen_transition") && reopen >= 60'000) {
      query += "(resolutiondate is EMPTY OR resolutiondate >= -" + std::to_string(reopen / 60'000) + "m) and ";
    } else {
      query += "statusCategory != Done and ";
    }
    query +=
        "project=" + Quoted(project_) + " and labels=" + Quoted(label_) + " order by status ASC,resolutiondate DESC";
    Json answer;
    NotifyResult result =
        Ask("POST", SearchUrl(), {{"jql", query}, {"maxResults", 2}, {"fields", {"status"}}}, &answer);
    if (!result.status.ok()) return result;
    issue->key = TextAt(answer, "/issues/0/key");
    issue->done = TextAt(answer, "/issues/0/fields/status/statusCategory/key") == "done";
    return {};
  }

  Status Fields(bool update, const std::string& type, Json* out) {
    const Field summary = FieldOf(settings_.Tree("summary"), R"({{ template "jira.default.summary" . }})");
    const Field description = FieldOf(settings_.Tree("description"), R"({{ template "jira.default.description" . }})");
    *out = {{"project", Json{{"key", project_}}}, {"issuetype", Json{{"name", type}}}};
    if (!update || summary.update)
      (*out)["summary"] = CutToCharacters(rendering_.Text(summary.text), kMaxSummaryCharacters);
    if (!update || description.update) {
      std::string text = CutToCharacters(rendering_.Text(description.text), kMaxDescriptionCharacters);
      if (base_.ends_with("/3")) {
        Json document = Json::parse(text, nullptr, false);
        if (document.is_discarded()) return InvalidArgument("the description is not the JSON that version 3 takes");
        (*out)["description"] = std::move(document);
      } else {
        (*out)["description"] = std::move(text);
      }
    }
    std::vector<std::string> labels = {label_};
    for (const std::string& label : settings_.List("labels")) labels.push_back(rendering_.Word(label));
    std::sort(labels.begin(), labels.end());
    (*out)["labels"] = labels;
    if (std::string priority = rendering_.Word(settings_.Text("priority")); !priority.empty())
      (*out)["priority"] = Json{{"name", std::move(priority)}};
    for (const char* key : {"fields", "custom_fields"}) {
      if (const ConfigNode* more = settings_.Tree(key); more != nullptr && more->IsMapping())
        out->update(rendering_.Tree(*more));
    }
    return {};
  }

  NotifyResult Transition(const Issue& issue) {
    if (issue.done != notification_.firing) return {};  // open while it fires, done when it is over
    const std::string name = settings_.Text(notification_.firing ? "reopen_transition" : "resolve_transition");
    if (name.empty()) return {};
    const std::string url = base_ + "/issue/" + issue.key + "/transitions";
    Json answer;
    if (NotifyResult result = Ask("GET", url, nullptr, &answer); !result.status.ok()) return result;
    if (!answer["transitions"].is_array()) return sender_.Refused("no transitions of " + issue.key);
    for (const Json& transition : answer["transitions"]) {
      if (TextAt(transition, "/name") != name) continue;
      return Ask("POST", url, {{"transition", Json{{"id", TextAt(transition, "/id")}}}}, nullptr);
    }
    return sender_.Refused("there is no transition \"" + name + "\" of " + issue.key);
  }

  const Settings& settings_;
  const Notification& notification_;
  Rendering rendering_;
  HttpSender sender_;
  std::string base_;
  const std::string label_;
  std::string project_;
};

class JiraIntegration final : public Integration {
 public:
  explicit JiraIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "jira"; }
  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    return JiraCall(settings_, notification, context).Run();
  }

 private:
  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeJiraIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<JiraIntegration>(settings));
}

}  // namespace cachescope::notify
