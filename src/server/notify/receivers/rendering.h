// The texts of one notification: the templates of a configuration expanded over its alerts. One notification, one
// thread.
//
// A template that does not expand must not cost the notification: what people read says so and names the alerts, what
// machines read becomes empty, and only an address, without which nothing can be sent, fails.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/config_node.h"
#include "server/notify/integration.h"
#include "server/notify/receivers/settings.h"
#include "server/template/template_set.h"

namespace cachescope::notify {

using Json = nlohmann::ordered_json;

class Rendering {
 public:
  // Both must outlive it.
  Rendering(const Notification& notification, const NotifyContext& context);

  // What people read.
  std::string Text(std::string_view text);
  std::string Html(std::string_view text);
  // What machines read: a colour, an icon, a priority.
  std::string Word(std::string_view text);
  // Where it goes: a channel, a key, recipients. The first failure stays in `status`; the text is empty then.
  std::string Address(std::string_view text);
  // A value of the configuration with every key and text in it expanded. A text with an action whose expansion is JSON
  // becomes that JSON: "{{ len .Alerts }}" a number, "{{ .Alerts | toJson }}" a list.
  Json Tree(const ConfigNode& node);

  const Status& status() const { return status_; }
  // What there is to say without a template: "[FIRING:2] HitRatioLow".
  std::string Summary() const;

 private:
  Result<std::string> Expand(std::string_view text, bool html);

  const Notification& notification_;
  const templating::TemplateSet& templates_;
  const templating::Value data_;
  templating::Environment environment_;
  Status status_;
  bool warned_ = false;
};

// The text of `key` in a mapping; empty when it is absent or not a text.
std::string TextIn(const ConfigNode& mapping, std::string_view key);
// Sets `key` unless the text is empty.
void PutText(Json* object, const char* key, std::string text);
// With &amp;, &lt; and &gt;.
std::string EscapeHtml(std::string_view text);
// As it goes onto the wire; broken UTF-8 is replaced.
std::string Dump(const Json& json);

}  // namespace cachescope::notify
