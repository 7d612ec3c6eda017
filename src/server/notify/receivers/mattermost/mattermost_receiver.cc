#include "server/notify/receivers/mattermost/mattermost_receiver.h"

#include <algorithm>
#include <functional>

#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxTextCharacters = 16383;

constexpr const char* kTexts[] = {"fallback", "pretext", "text", "author_name", "title", "footer"};
constexpr const char* kWords[] = {"color",     "author_link", "author_icon", "title_link",
                                  "thumb_url", "footer_icon", "image_url"};
// Stated beside `text`, one of these asks for an attachment.
constexpr const char* kOfAttachments[] = {"pretext", "author_name", "author_link", "author_icon",
                                          "title",   "title_link",  "fields",      "thumb_url",
                                          "footer",  "footer_icon", "image_url",   "color"};

Json FieldsOf(const ConfigNode* fields, Rendering* r) {
  Json out = Json::array();
  if (fields == nullptr) return out;
  for (const ConfigNode& field : fields->items()) {
    Json item = {{"title", r->Text(TextIn(field, "title"))}, {"value", r->Text(TextIn(field, "value"))}};
    if (const ConfigNode* is_short = field.Find("short"); is_short != nullptr)
      item["short"] = is_short->AsBool().value_or(false);
    out.push_back(std::move(item));
  }
  return out;
}

Json AttachmentOf(const std::function<std::string(const char*)>& get, const ConfigNode* fields, bool with_text,
                  Rendering* r) {
  Json out = Json::object();
  for (const char* key : kTexts) {
    if (with_text || std::string_view(key) != "text") PutText(&out, key, r->Text(get(key)));
  }
  for (const char* key : kWords) PutText(&out, key, r->Word(get(key)));
  if (Json list = FieldsOf(fields, r); !list.empty()) out["fields"] = std::move(list);
  return out;
}

// Mattermost refuses combinations that make no sense.
Json PriorityOf(const ConfigNode& node, Rendering* r) {
  std::string priority = r->Word(TextIn(node, "priority"));
  std::transform(priority.begin(), priority.end(), priority.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (priority != "urgent" && priority != "important") priority = "standard";
  Json out = {{"priority", priority}};
  if (TextIn(node, "requested_ack") == "true" && priority != "standard") out["requested_ack"] = true;
  if (TextIn(node, "persistent_notifications") == "true" && priority == "urgent")
    out["persistent_notifications"] = true;
  return out;
}

class MattermostIntegration final : public Integration {
 public:
  explicit MattermostIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "mattermost"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("Mattermost", settings_, notification, context);
    Rendering r(notification, context);
    auto url = settings_.Value("webhook_url");
    if (!url.ok()) return CannotSend("Mattermost", url.status());
    HttpMessage message;
    message.url = std::move(*url);
    message.body = Dump(BodyFor(&r));
    if (!r.status().ok()) return CannotSend("Mattermost", r.status(), FailureReason::kTemplate);
    return sender.Send(std::move(message));
  }

 private:
  Json BodyFor(Rendering* r) const {
    const Settings& s = settings_;
    Json out = {{"text", CutToCharacters(r->Text(s.Text("text")), kMaxTextCharacters)}};
    PutText(&out, "channel", r->Address(s.Text("channel")));
    for (const char* key : {"username", "icon_url", "icon_emoji"}) PutText(&out, key, r->Word(s.Text(key)));
    if (Json list = Attachments(r); !list.empty()) out["attachments"] = std::move(list);
    PutText(&out, "type", r->Word(s.Text("type")));
    if (const ConfigNode* props = s.Tree("props"); props != nullptr && !TextIn(*props, "card").empty())
      out["props"] = {{"card", r->Text(TextIn(*props, "card"))}};
    if (const ConfigNode* node = s.Tree("priority"); node != nullptr && !TextIn(*node, "priority").empty())
      out["priority"] = PriorityOf(*node, r);
    return out;
  }

  Json Attachments(Rendering* r) const {
    Json out = Json::array();
    if (const ConfigNode* list = settings_.Tree("attachments"); list != nullptr && !list->items().empty()) {
      for (const ConfigNode& node : list->items()) {
        out.push_back(
            AttachmentOf([&node](const char* key) { return TextIn(node, key); }, node.Find("fields"), true, r));
      }
      return out;
    }
    const bool asked = std::any_of(std::begin(kOfAttachments), std::end(kOfAttachments),
                                   [this](const char* key) { return settings_.Stated(key); });
    if (asked) {
      out.push_back(
          AttachmentOf([this](const char* key) { return settings_.Text(key); }, settings_.Tree("fields"), false, r));
    }
    return out;
  }

  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeMattermostIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<MattermostIntegration>(settings));
}

}  // namespace cachescope::notify
