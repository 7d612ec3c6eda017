#include "server/template/template.h"

#include "server/template/executor.h"
#include "server/template/html_writer.h"
#include "server/template/parser.h"

namespace cachescope::templating {

Result<Template> Template::Parse(std::string name, std::string_view text, const ParseOptions& options) {
  CACHESCOPE_ASSIGN_OR_RETURN(Parsed parsed, ParseTemplate(name, text, options));
  Template out;
  out.main_ = std::move(parsed.main);
  out.definitions_ = std::make_shared<const TreeMap>(std::move(parsed.trees));
  return out;
}

Result<std::string> Template::Expand(const Value& data, const Environment& environment) const {
  Writer writer(environment.max_output_bytes);
  CACHESCOPE_RETURN_IF_ERROR(Executor(*definitions_, environment, &writer).Run(*main_, data));
  return writer.Take();
}

Result<std::string> Template::ExpandHtml(const Value& data, const Environment& environment) const {
  HtmlWriter writer(environment.max_output_bytes);
  CACHESCOPE_RETURN_IF_ERROR(Executor(*definitions_, environment, &writer).Run(*main_, data));
  return writer.Take();
}

bool Template::IsPlain() const {
  return main_->root.empty() || (main_->root.size() == 1 && main_->root[0].kind == Node::Kind::kText);
}

Result<std::string> ExpandTemplate(const std::string& name, std::string_view text, const Value& data,
                                   const Environment& environment) {
  CACHESCOPE_ASSIGN_OR_RETURN(const Template parsed, Template::Parse(name, text));
  return parsed.Expand(data, environment);
}

}  // namespace cachescope::templating
