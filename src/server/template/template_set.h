// The templates of notifications: definitions of several texts under one roof, as Alertmanager's `templates:` files
// with its defaults. Built by one thread, then immutable and thread-safe; copies share what is parsed.
#pragma once

#include <string>
#include <string_view>

#include "server/template/template.h"

namespace cachescope::templating {

class TemplateSet {
 public:
  // No definitions.
  TemplateSet() = default;
  // With the definitions Alertmanager's users refer to: "slack.default.title", "email.default.html", "__subject" …
  // (folder defaults). Parsed once for the whole process.
  static const TemplateSet& Defaults();

  // Adds the definitions of a text; `name`, a file's base name, becomes one itself, for the text outside of them. A
  // later definition of the same name replaces an earlier one, unless it is blank. kInvalidArgument: "template:
  // NAME:LINE: …"; nothing was added then.
  Status Add(const std::string& name, std::string_view text);

  bool Has(std::string_view name) const { return trees_.contains(name); }
  std::vector<std::string> Names() const;

  // kNotFound without a definition of that name; else as Template::Expand.
  Result<std::string> ExecuteTemplate(std::string_view name, const Value& data,
                                      const Environment& environment = Environment()) const;
  Result<std::string> ExecuteTemplateHtml(std::string_view name, const Value& data,
                                          const Environment& environment = Environment()) const;
  // A text of the configuration, which may call the definitions and have its own. Empty text gives empty text.
  Result<std::string> ExecuteText(std::string_view text, const Value& data,
                                  const Environment& environment = Environment()) const;
  // The same with the escaping of HTML.
  Result<std::string> ExecuteHtml(std::string_view text, const Value& data,
                                  const Environment& environment = Environment()) const;

 private:
  enum class Mode : unsigned char { kText, kHtml };
  static Result<std::string> Run(const TreeMap& trees, const Tree& tree, const Value& data,
                                 const Environment& environment, Mode mode);
  Result<std::string> Execute(std::string_view text, const Value& data, const Environment& environment,
                              Mode mode) const;
  Result<std::string> ExecuteNamed(std::string_view name, const Value& data, const Environment& environment,
                                   Mode mode) const;

  TreeMap trees_;
};

}  // namespace cachescope::templating
