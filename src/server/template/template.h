// Text templates as Prometheus and Alertmanager users write them: the language of Go's text/template with the functions
// of either.
//
// All of the language: pipelines, variables, if / else if / else, with, range, break, continue, define, template,
// block, comments, {{- trimming -}}. Messages are Go's: "template: NAME:LINE:COLUMN: executing "NAME" at <…>: cause".
// Parsing is pure; a parsed template is immutable and thread-safe. Execution is bounded in steps, depth, output and
// queries, and reaches no file but the machine's time zones.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/template/value.h"

namespace cachescope::templating {

// Whose functions a template may call.
enum class Dialect : unsigned char {
  kPrometheus,    // annotations and labels of rules
  kAlertmanager,  // notifications
};

struct ParseOptions {
  Dialect dialect = Dialect::kPrometheus;
  // Names the main text may use, "$" included; Environment::variables has their values.
  std::vector<std::string> variables = {"$labels", "$externalLabels", "$externalURL", "$value"};
};

// What a template may reach besides its data.
struct Environment {
  // Runs an instant query and returns SamplesValue (samples.h), or a list of {"Labels": labels, "Value": float}.
  // Absent: `query` is an error.
  std::function<Result<Value>(const std::string& query)> query;
  std::string external_url;
  std::map<std::string, Value> variables;  // "$labels" → …; those a template declares and this lacks read as nothing
  std::size_t max_output_bytes = 64 << 10;  // beyond it expansion fails with kLimitExceeded; also of one value
  std::size_t max_steps = 100'000;          // actions, iterations and function calls, the same
  std::size_t max_depth = 32;               // templates within templates, the same
  std::size_t max_queries = 10;             // calls of `query`, the same
  TimestampMs now = 0;                      // what `now` and `since` take as the time; 0: the machine's
};

struct Tree;
using TreeMap = std::map<std::string, std::shared_ptr<const Tree>, std::less<>>;

// Nesting of parentheses and of blocks in a text; deeper ones are refused.
inline constexpr int kMaxNesting = 64;
// A longer text is refused.
inline constexpr std::size_t kMaxTemplateBytes = 1 << 20;

class Template {
 public:
  // kInvalidArgument: "template: NAME:LINE: cause".
  static Result<Template> Parse(std::string name, std::string_view text, const ParseOptions& options = ParseOptions());
  // kInvalidArgument when a function or field does not fit its data; kLimitExceeded beyond the environment's bounds;
  // what `query` failed with. About 1 µs for "{{ $labels.instance }} is {{ $value | humanize }}" (bench/template).
  Result<std::string> Expand(const Value& data, const Environment& environment) const;
  // The same with the escaping of Go's html/template: what is printed cannot leave the place it stands in.
  Result<std::string> ExpandHtml(const Value& data, const Environment& environment) const;
  // True when the text has no action: Expand returns it as it is.
  bool IsPlain() const;

 private:
  std::shared_ptr<const Tree> main_;
  std::shared_ptr<const TreeMap> definitions_;  // of the text, with main_
};

// Parse and Expand in one step.
Result<std::string> ExpandTemplate(const std::string& name, std::string_view text, const Value& data,
                                   const Environment& environment);

}  // namespace cachescope::templating
