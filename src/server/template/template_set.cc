#include "server/template/template_set.h"

#include <cstdlib>

#include "server/template/defaults/defaults.h"
#include "server/template/executor.h"
#include "server/template/html_writer.h"
#include "server/template/parser.h"

namespace cachescope::templating {
namespace {

ParseOptions NotificationOptions() {
  ParseOptions options;
  options.dialect = Dialect::kAlertmanager;
  options.variables.clear();
  return options;
}

}  // namespace

const TemplateSet& TemplateSet::Defaults() {
  static const TemplateSet& defaults = *[] {
    auto* set = new TemplateSet();
    for (const DefaultText& text : DefaultTexts()) {
      // A default that does not parse is a bug the tests find; without it the others still work.
      (void)set->Add(std::string(text.name), text.text);
    }
    return set;
  }();
  return defaults;
}

Status TemplateSet::Add(const std::string& name, std::string_view text) {
  CACHESCOPE_ASSIGN_OR_RETURN(const Parsed parsed, ParseTemplate(name, text, NotificationOptions()));
  MergeTrees(parsed.trees, &trees_);
  return {};
}

std::vector<std::string> TemplateSet::Names() const {
  std::vector<std::string> out;
  for (const auto& [name, tree] : trees_) out.push_back(name);
  return out;
}

Result<std::string> TemplateSet::Run(const TreeMap& trees, const Tree& tree, const Value& data,
                                     const Environment& environment, Mode mode) {
  if (mode == Mode::kHtml) {
    HtmlWriter writer(environment.max_output_bytes);
    CACHESCOPE_RETURN_IF_ERROR(Executor(trees, environment, &writer).Run(tree, data));
    return writer.Take();
  }
  Writer writer(environment.max_output_bytes);
  CACHESCOPE_RETURN_IF_ERROR(Executor(trees, environment, &writer).Run(tree, data));
  return writer.Take();
}

Result<std::string> TemplateSet::ExecuteNamed(std::string_view name, const Value& data, const Environment& environment,
                                              Mode mode) const {
  const auto found = trees_.find(name);
  if (found == trees_.end()) return NotFound("template: no template \"" + std::string(name) + "\"");
  return Run(trees_, *found->second, data, environment, mode);
}

Result<std::string> TemplateSet::Execute(std::string_view text, const Value& data, const Environment& environment,
                                         Mode mode) const {
  if (text.empty()) return std::string();
  CACHESCOPE_ASSIGN_OR_RETURN(const Parsed parsed, ParseTemplate("", text, NotificationOptions()));
  // Only a text with definitions of its own needs a copy of the map.
  if (parsed.trees.size() <= 1) return Run(trees_, *parsed.main, data, environment, mode);
  TreeMap trees = trees_;
  MergeTrees(parsed.trees, &trees);
  return Run(trees, *parsed.main, data, environment, mode);
}

Result<std::string> TemplateSet::ExecuteTemplate(std::string_view name, const Value& data,
                                                 const Environment& environment) const {
  return ExecuteNamed(name, data, environment, Mode::kText);
}
Result<std::string> TemplateSet::ExecuteTemplateHtml(std::string_view name, const Value& data,
                                                     const Environment& environment) const {
  return ExecuteNamed(name, data, environment, Mode::kHtml);
}
Result<std::string> TemplateSet::ExecuteText(std::string_view text, const Value& data,
                                             const Environment& environment) const {
  return Execute(text, data, environment, Mode::kText);
}
Result<std::string> TemplateSet::ExecuteHtml(std::string_view text, const Value& data,
                                             const Environment& environment) const {
  return Execute(text, data, environment, Mode::kHtml);
}

}  // namespace cachescope::templating
