#include "server/notify/receivers/opsgenie/opsgenie_receiver.h"

#include <map>

#include "server/notify/receivers/digest.h"
#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxMessageCharacters = 130;

// The parts between commas, without empty ones.
Json Parts(const std::string& text) {
  Json out = Json::array();
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return out;
  const std::string list = text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at) out.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}

Json RespondersOf(const ConfigNode* list, Rendering* r) {
  Json out = Json::array();
  if (list == nullptr) return out;
  for (const ConfigNode& node : list->items()) {
    Json item = Json::object();
    for (const char* key : {"id", "name", "username"}) PutText(&item, key, r->Word(TextIn(node, key)));
    std::string type = r->Word(TextIn(node, "type"));
    // Templates may leave nothing of it, and one name may stand for several teams.
    if (item.empty() && type.empty()) continue;
    if (type == "teams") {
      for (const Json& team : Parts(item.value("name", ""))) out.push_back({{"name", team}, {"type", "team"}});
      continue;
    }
    item["type"] = std::move(type);
    out.push_back(std::move(item));
  }
  return out;
}

Json DetailsOf(const Settings& s, const Notification& notification, Rendering* r) {
  std::map<std::string, std::string> details;
  for (const LabelView& label : notification.common_labels) details.emplace(label.name, label.value);
  for (const auto& [key, value] : s.Map("details")) details[key] = r->Text(value);
  return details;
}

Json AlertOf(const Settings& s, const Notification& notification, Rendering* r) {
  Json out = {{"alias", GroupKeyHash(notification.group_key)},
              {"message", CutToCharacters(r->Text(s.Text("message")), kMaxMessageCharacters)}};
  PutText(&out, "description", r->Text(s.Text("description")));
  out["details"] = DetailsOf(s, notification, r);
  out["source"] = r->Word(s.Text("source"));
  if (Json responders = RespondersOf(s.Tree("responders"), r); !responders.empty())
    out["responders"] = std::move(responders);
  if (Json tags = Parts(r->Word(s.Text("tags"))); !tags.empty()) out["tags"] = std::move(tags);
  PutText(&out, "note", r->Text(s.Text("note")));
  PutText(&out, "priority", r->Word(s.Text("priority")));
  PutText(&out, "entity", r->Word(s.Text("entity")));
  if (Json actions = Parts(r->Word(s.Text("actions"))); !actions.empty()) out["actions"] = std::move(actions);
  return out;
}

class OpsgenieIntegration final : public Integration {
 public:
  explicit OpsgenieIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "opsgenie"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Opsgenie", settings_, notification, context);
    Rendering r(notification, context);
    auto stored = settings_.Value("api_key");
    if (!stored.ok()) return CannotSend("Opsgenie", stored.status());
    const std::string key = r.Address(*stored);
    if (!r.status().ok()) return CannotSend("Opsgenie", r.status(), FailureReason::kTemplate);
    sender.Hide(key);
    for (HttpMessage& message : MessagesFor(notification, &r)) {
      message.headers.emplace_back("Authorization", "GenieKey " + key);
      if (NotifyResult result = sender.Send(std::move(message)); !result.status.ok()) return result;
    }
    return {};
  }

 private:
  std::vector<HttpMessage> MessagesFor(const Notification& notification, Rendering* r) const {
    std::string base = settings_.Text("api_url");
    if (!base.ends_with('/')) base += '/';
    base += "v2/alerts";
    const std::string one = base + "/" + GroupKeyHash(notification.group_key);
    const auto make = [](std::string method, std::string url, const Json& body) {
      HttpMessage out;
      out.method = std::move(method);
      out.url = std::move(url);
      out.body = Dump(body);
      return out;
    };
    if (!notification.firing)
      return {make("POST", one + "/close?identifierType=alias", {{"source", r->Word(settings_.Text("source"))}})};
    const Json alert = AlertOf(settings_, notification, r);
    std::vector<HttpMessage> out = {make("POST", base, alert)};
    if (!settings_.Bool("update_alerts")) return out;
    for (const char* key : {"message", "description"}) {
      Json body = Json::object();
      PutText(&body, key, alert.value(key, ""));
      out.push_back(make("PUT", one + "/" + key + "?identifierType=alias", body));
    }
    return out;
  }

  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeOpsgenieIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<OpsgenieIntegration>(settings));
}

}  // namespace cachescope::notify
