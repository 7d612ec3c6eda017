#include "server/notify/receivers/rendering.h"

#include <algorithm>

#include "base/log.h"
#include "server/notify/receivers/notification_data.h"

namespace cachescope::notify {
namespace {

// A storm of alerts has to fit: 10,000 of them as JSON are some megabytes.
constexpr std::size_t kMaxTextBytes = 8 << 20;
constexpr std::size_t kMaxSteps = 5'000'000;
constexpr std::size_t kMaxNames = 3;  // of alerts in a summary

const templating::TemplateSet& TemplatesOf(const NotifyContext& context) {
  return context.templates == nullptr ? templating::TemplateSet::Defaults() : *context.templates;
}

bool HasAction(std::string_view text) { return text.find("{{") != std::string_view::npos; }

// A number, truth value or nothing written without quotes, or any JSON that a template made.
Json JsonOr(std::string text, bool may_be_json) {
  if (may_be_json) {
    Json parsed = Json::parse(text, nullptr, false);
    if (!parsed.is_discarded() && !parsed.is_string()) return parsed;
  }
  return text;
}

}  // namespace

Rendering::Rendering(const Notification& notification, const NotifyContext& context)
    : notification_(notification), templates_(TemplatesOf(context)), data_(TemplateDataOf(notification, context)) {
  environment_.external_url = notification.external_url;
  environment_.max_output_bytes = kMaxTextBytes;
  environment_.max_steps = kMaxSteps;
  environment_.now = notification.at;
}

Result<std::string> Rendering::Expand(std::string_view text, bool html) {
  if (!HasAction(text)) return std::string(text);
  auto out =
      html ? templates_.ExecuteHtml(text, data_, environment_) : templates_.ExecuteText(text, data_, environment_);
  if (!out.ok() && !warned_) {
    warned_ = true;
    LogWarn("a template of a notification does not expand",
            {{"receiver", notification_.receiver}, {"error", std::string(out.status().message())}});
  }
  return out;
}

std::string Rendering::Text(std::string_view text) {
  auto out = Expand(text, false);
  if (out.ok()) return std::move(*out);
  return Summary() + " (the template does not expand: " + std::string(out.status().message()) + ")";
}

std::string Rendering::Html(std::string_view text) {
  auto out = Expand(text, true);
  if (out.ok()) return std::move(*out);
  return EscapeHtml(Summary() + " (the template does not expand: " + std::string(out.status().message()) + ")");
}

std::string Rendering::Word(std::string_view text) { return Expand(text, false).value_or({}); }

std::string Rendering::Address(std::string_view text) {
  auto out = Expand(text, false);
  if (out.ok()) return std::move(*out);
  if (status_.ok()) status_ = out.status();
  return {};
}

Json Rendering::Tree(const ConfigNode& node) {
  switch (node.kind()) {
    case ConfigNode::Kind::kNull:
      return nullptr;
    case ConfigNode::Kind::kSequence: {
      Json out = Json::array();
      for (const ConfigNode& item : node.items()) out.push_back(Tree(item));
      return out;
    }
    case ConfigNode::Kind::kMapping: {
      Json out = Json::object();
      for (const auto& [key, value] : node.entries()) out[Word(key.scalar())] = Tree(value);
      return out;
    }
    case ConfigNode::Kind::kScalar:
      break;
  }
  return JsonOr(Text(node.scalar()), HasAction(node.scalar()) || !node.quoted());
}

std::string Rendering::Summary() const {
  std::vector<std::string> names;
  std::size_t firing = 0;
  for (const Alert& alert : notification_.alerts) {
    if (alert.resolved_at == 0) ++firing;
    std::string name(alert.labels.Get("alertname"));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  std::string out = notification_.firing ? "[FIRING:" + std::to_string(firing) + "]" : "[RESOLVED]";
  for (std::size_t i = 0; i < names.size() && i < kMaxNames; ++i) out += (i == 0 ? " " : ", ") + names[i];
  return names.size() > kMaxNames ? out + " …" : out;
}

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string TextIn(const ConfigNode& mapping, std::string_view key) {
  const ConfigNode* found = mapping.Find(key);
  return found != nullptr && found->IsScalar() ? found->scalar() : std::string();
}

void PutText(Json* object, const char* key, std::string text) {
  if (!text.empty()) (*object)[key] = std::move(text);
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace cachescope::notify
