// Text templates as Prometheus and Alertmanager users write them: the language of Go's text/template with Prometheus'
// functions.
//
// Actions: pipelines, variables, if / else if / else, with, range, comments, {{- trimming -}}. Functions: and or not eq
// ne lt le gt ge len index print println printf, and those of functions.cc. Parsing is pure; a parsed template is
// immutable and thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/template/value.h"

namespace cachescope::templating {

// What a template may reach besides its data.
struct Environment {
  // Runs an instant query and returns a list of {"Labels": labels, "Value": float}. Absent: `query` is an error.
  std::function<Result<Value>(const std::string& query)> query;
  std::string external_url;
  std::map<std::string, Value> variables;   // "$labels" → …
  std::size_t max_output_bytes = 64 << 10;  // beyond it expansion fails with kLimitExceeded
  std::size_t max_steps = 100'000;          // actions executed, the same
};

struct Node;

class Template {
 public:
  // kInvalidArgument: "NAME:LINE: cause".
  static Result<Template> Parse(std::string name, std::string_view text);
  // kInvalidArgument when a function or field does not fit its data; kLimitExceeded beyond the environment's bounds.
  Result<std::string> Expand(const Value& data, const Environment& environment) const;

 private:
  std::string name_;
  std::shared_ptr<const Node> root_;
};

// One function: arguments evaluated, in order. Registered in functions.cc.
using Function = std::function<Result<Value>(const std::vector<Value>& args, const Environment& environment)>;
// Null when unknown.
const Function* FindTemplateFunction(std::string_view name);

// Parse and Expand in one step.
Result<std::string> ExpandTemplate(const std::string& name, std::string_view text, const Value& data,
                                   const Environment& environment);

}  // namespace cachescope::templating
