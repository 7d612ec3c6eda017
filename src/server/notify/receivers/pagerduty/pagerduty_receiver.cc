#include "server/notify/receivers/pagerduty/pagerduty_receiver.h"

#include "server/notify/receivers/digest.h"
#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr const char* kVersion1Url = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
constexpr std::size_t kMaxSummaryCharacters = 1024;
constexpr std::size_t kMaxEventBytes = 512'000;

// What an incident shows of its alerts unless `details` says otherwise.
constexpr std::pair<const char*, const char*> kDetails[] = {
    {"firing", "{{ .Alerts.Firing | toJson }}"},
    {"resolved", "{{ .Alerts.Resolved | toJson }}"},
    {"num_firing", "{{ .Alerts.Firing | len }}"},
    {"num_resolved", "{{ .Alerts.Resolved | len }}"},
};

Json TreeOf(const std::string& text, Rendering* r) {
  const Json parsed = Json::parse(r->Text(text), nullptr, false);
  return parsed.is_discarded() ? Json() : parsed;
}

Json DetailsOf(const Settings& s, Rendering* r) {
  Json out = Json::object();
  const ConfigNode* details = s.Tree("details");
  for (const auto& [key, text] : kDetails) {
    if (details == nullptr || details->Find(key) == nullptr) out[key] = TreeOf(text, r);
  }
  if (details != nullptr && details->IsMapping()) out.update(r->Tree(*details));
  return out;
}

// `key` must have some text, or PagerDuty refuses the whole event.
Json ListOf(const ConfigNode* list, std::initializer_list<const char*> keys, const char* needed, Rendering* r) {
  Json out = Json::array();
  if (list == nullptr) return out;
  for (const ConfigNode& node : list->items()) {
    Json item = Json::object();
    for (const char* key : keys) item[key] = r->Word(TextIn(node, key));
    if (!item[needed].get<std::string>().empty()) out.push_back(std::move(item));
  }
  return out;
}

Json Version1(const Settings& s, const Notification& notification, Rendering* r) {
  Json out = {{"service_key", ""},
              {"incident_key", GroupKeyHash(notification.group_key)},
              {"event_type", notification.firing ? "trigger" : "resolve"},
              {"description", CutToCharacters(r->Text(s.Text("description")), kMaxSummaryCharacters)},
              {"event_action", ""},
              {"payload", nullptr}};
  if (notification.firing) {
    PutText(&out, "client", r->Word(s.Text("client")));
    PutText(&out, "client_url", r->Word(s.Text("client_url")));
  }
  return out;
}

Json Version2(const Settings& s, const Notification& notification, Rendering* r) {
  const std::string& source = s.Text(s.Has("source") ? "source" : "client");
  std::string severity = s.Has("severity") ? r->Word(s.Text("severity")) : "error";
  if (severity.empty()) severity = "error";
  Json payload = {{"summary", CutToCharacters(r->Text(s.Text("description")), kMaxSummaryCharacters)},
                  {"source", r->Text(source)},
                  {"severity", std::move(severity)}};
  for (const char* key : {"class", "component", "group"}) PutText(&payload, key, r->Word(s.Text(key)));
  Json out = {{"routing_key", ""},
              {"dedup_key", GroupKeyHash(notification.group_key)},
              {"event_action", notification.firing ? "trigger" : "resolve"},
              {"payload", std::move(payload)}};
  PutText(&out, "client", r->Word(s.Text("client")));
  PutText(&out, "client_url", r->Word(s.Text("client_url")));
  if (Json images = ListOf(s.Tree("images"), {"src", "alt", "href"}, "src", r); !images.empty())
    out["images"] = std::move(images);
  if (Json links = ListOf(s.Tree("links"), {"href", "text"}, "href", r); !links.empty())
    out["links"] = std::move(links);
  return out;
}

class PagerdutyIntegration final : public Integration {
 public:
  explicit PagerdutyIntegration(Settings settings)
      : settings_(std::move(settings)), old_(settings_.Has("service_key") || settings_.Has("service_key_file")) {}
  std::string_view name() const override { return "pagerduty"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("PagerDuty", settings_, notification, context);
    Rendering r(notification, context);
    const char* const key_name = old_ ? "service_key" : "routing_key";
    auto stored = settings_.Value(key_name);
    if (!stored.ok()) return CannotSend("PagerDuty", stored.status());
    const std::string key = r.Address(*stored);
    if (!r.status().ok()) return CannotSend("PagerDuty", r.status(), FailureReason::kTemplate);
    if (key.empty()) return CannotSend("PagerDuty", InvalidArgument(std::string(key_name) + " cannot be empty"));
    sender.Hide(key);
    if (old_) sender.RetryOn(403);
    Json event = old_ ? Version1(settings_, notification, &r) : Version2(settings_, notification, &r);
    event[key_name] = key;
    HttpMessage message;
    message.url = old_ ? kVersion1Url : settings_.Text("url");
    message.body = WithDetails(std::move(event), DetailsOf(settings_, &r));
    return sender.Send(std::move(message));
  }

 private:
  std::string WithDetails(Json event, Json details) const {
    Json& place = old_ ? event["details"] : event["payload"]["custom_details"];
    place = std::move(details);
    std::string out = Dump(event);
    if (out.size() <= kMaxEventBytes) return out;
    place = {{"error", "the details are left out: with them the event was over 512 kB"}};
    return Dump(event);
  }

  const Settings settings_;
  const bool old_;  // version 1
};

}  // namespace

Result<std::unique_ptr<Integration>> MakePagerdutyIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<PagerdutyIntegration>(settings));
}

}  // namespace cachescope::notify
