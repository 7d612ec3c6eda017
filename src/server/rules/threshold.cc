#include "server/rules/threshold.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/config_node.h"
#include "base/duration.h"
#include "base/number.h"
#include "base/quote.h"
#include "server/promql/parser.h"
#include "server/template/template.h"

namespace cachescope::rules {
namespace {

constexpr std::size_t kMostThresholds = 1000;
constexpr std::size_t kMostSteps = 20;
constexpr std::size_t kLongestText = 10'000;
constexpr DurationMs kYear = DurationMs{365} * 24 * 60 * 60 * 1000;
constexpr const char* kGroupName = "thresholds";

struct OperatorText {
  ThresholdOperator op;
  const char* text;
};
constexpr OperatorText kOperators[] = {
    {ThresholdOperator::kGreater, ">"}, {ThresholdOperator::kGreaterEqual, ">="},
    {ThresholdOperator::kLess, "<"},    {ThresholdOperator::kLessEqual, "<="},
    {ThresholdOperator::kEqual, "=="},  {ThresholdOperator::kNotEqual, "!="},
};

bool IsSeverity(const std::string& text) { return text == "critical" || text == "warning" || text == "info"; }

Status Wrong(const char* field, const std::string& cause) { return InvalidArgument(std::string(field) + ": " + cause); }

Status CheckId(const std::string& id) {
  const bool plain = std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (id.empty() || id.size() > 64 || !plain) return Wrong("id", "1 to 64 letters, digits, - and _ are expected");
  return {};
}

Status CheckDuration(const char* field, DurationMs duration) {
  if (duration < 0 || duration > kYear) return Wrong(field, "between 0 and a year is expected");
  return {};
}

Status CheckText(const char* field, const std::string& text) {
  if (text.size() > kLongestText) return Wrong(field, "longer than 10,000 bytes");
  if (!IsValidUtf8(text)) return Wrong(field, "not valid UTF-8");
  return {};
}

Status CheckExpr(const Threshold& threshold, const promql::ParserOptions& parser) {
  if (threshold.expr.empty() == threshold.metric.empty()) {
    return Wrong("expr", "either an expression or a metric is expected");
  }
  if (threshold.expr.empty()) {
    if (!IsLegacyMetricName(threshold.metric)) return Wrong("metric", "not a metric name: " + threshold.metric);
    const auto selector = promql::ParseSelector(threshold.metric + "{" + threshold.matchers + "}");
    if (!selector.ok()) return Wrong("matchers", std::string(selector.status().message()));
    return {};
  }
  if (!threshold.matchers.empty()) return Wrong("matchers", "they belong to a metric, not to an expression");
  const auto parsed = promql::ParseExpr(threshold.expr, parser);
  if (!parsed.ok()) return Wrong("expr", std::string(parsed.status().message()));
  if ((*parsed)->type() != promql::ValueType::kVector) {
    return Wrong("expr",
                 std::string("an instant vector is expected, not a ") + promql::ValueTypeName((*parsed)->type()));
  }
  return {};
}

Status CheckEscalation(const std::vector<EscalationStep>& steps) {
  if (steps.size() > kMostSteps) return Wrong("escalation", "more than 20 steps");
  DurationMs before = -1;
  for (const EscalationStep& step : steps) {
    CACHESCOPE_RETURN_IF_ERROR(CheckDuration("escalation", step.after));
    if (step.receiver.empty()) return Wrong("escalation", "a step without a receiver");
    if (!step.severity.empty() && !IsSeverity(step.severity)) {
      return Wrong("escalation", "severity: critical, warning or info is expected");
    }
    if (step.after <= before) return Wrong("escalation", "each step must come later than the one before it");
    before = step.after;
  }
  return {};
}

}  // namespace

const char* ThresholdOperatorText(ThresholdOperator op) noexcept {
  return kOperators[static_cast<std::size_t>(op)].text;
}

Status CheckThreshold(const Threshold& threshold, const promql::ParserOptions& parser) {
  CACHESCOPE_RETURN_IF_ERROR(CheckId(threshold.id));
  if (threshold.name.empty()) return Wrong("name", "must not be empty");
  for (const auto& [field, text] : {std::pair<const char*, const std::string&>{"name", threshold.name},
                                    {"expr", threshold.expr},
                                    {"metric", threshold.metric},
                                    {"matchers", threshold.matchers},
                                    {"receiver", threshold.receiver},
                                    {"summary", threshold.summary},
                                    {"author", threshold.author}}) {
    CACHESCOPE_RETURN_IF_ERROR(CheckText(field, text));
  }
  CACHESCOPE_RETURN_IF_ERROR(CheckExpr(threshold, parser));
  if (!std::isfinite(threshold.value)) return Wrong("value", "a finite number is expected");
  if (!IsSeverity(threshold.severity)) {
    return Wrong("severity", "critical, warning or info is expected");
  }
  CACHESCOPE_RETURN_IF_ERROR(CheckDuration("for", threshold.hold));
  CACHESCOPE_RETURN_IF_ERROR(CheckDuration("cooldown", threshold.cooldown));
  CACHESCOPE_RETURN_IF_ERROR(CheckEscalation(threshold.escalation));
  const auto summary = templating::Template::Parse("summary", threshold.summary);
  if (!summary.ok()) return Wrong("summary", std::string(summary.status().message()));
  return {};
}

std::string ThresholdExpr(const Threshold& threshold) {
  const std::string side = threshold.expr.empty()
                               ? threshold.metric + (threshold.matchers.empty() ? "" : "{" + threshold.matchers + "}")
                               : "(" + threshold.expr + "\n)";  // the expression may end in a comment
  return side + " " + ThresholdOperatorText(threshold.op) + " " + FormatGeneral(threshold.value);
}

RuleDefinition ThresholdRule(const Threshold& threshold) {
  RuleDefinition out;
  out.alerting = true;
  out.name = threshold.name;
  out.expr = ThresholdExpr(threshold);
  out.hold_duration = threshold.hold;
  out.labels = {{"severity", threshold.severity}, {"threshold_id", threshold.id}};
  if (!threshold.receiver.empty()) out.labels.emplace_back("receiver", threshold.receiver);
  if (!threshold.summary.empty()) out.annotations = {{"summary", threshold.summary}};
  return out;
}

Result<std::vector<GroupDefinition>> ThresholdGroup(const std::vector<Threshold>& thresholds,
                                                    const promql::ParserOptions& parser) {
  if (thresholds.size() > kMostThresholds) return LimitExceeded("cannot set more than 1,000 thresholds");
  GroupDefinition group;
  group.name = kGroupName;
  std::set<std::string> ids;
  for (const Threshold& threshold : thresholds) {
    if (Status status = CheckThreshold(threshold, parser); !status.ok()) {
      return status.WithPrefix("threshold " + threshold.id);
    }
    if (!ids.insert(threshold.id).second) return InvalidArgument("threshold " + threshold.id + ": id: stands twice");
    if (threshold.enabled) group.rules.push_back(ThresholdRule(threshold));
  }
  if (group.rules.empty()) return std::vector<GroupDefinition>();
  return std::vector<GroupDefinition>{std::move(group)};
}

std::string ThresholdToJson(const Threshold& threshold) {
  std::string out = "{";
  const auto key = [&](const char* name) {
    if (out.back() != '{') out += ',';
    out += std::string("\"") + name + "\":";
  };
  const auto text = [&](const char* name, std::string_view value) {
    key(name);
    AppendQuotedText(&out, value, QuoteStyle::kJson);
  };
  const auto number = [&](const char* name, const std::string& value) {
    key(name);
    out += value;
  };
  text("id", threshold.id);
  text("name", threshold.name);
  text("expr", threshold.expr);
  text("metric", threshold.metric);
  text("matchers", threshold.matchers);
  text("operator", ThresholdOperatorText(threshold.op));
  number("value", FormatGeneral(threshold.value));
  text("severity", threshold.severity);
  text("for", FormatDuration(threshold.hold));
  text("cooldown", FormatDuration(threshold.cooldown));
  key("escalation");
  out += '[';
  for (const EscalationStep& step : threshold.escalation) {
    if (out.back() != '[') out += ',';
    out += '{';
    text("after", FormatDuration(step.after));
    text("severity", step.severity);
    text("receiver", step.receiver);
    out += '}';
  }
  out += ']';
  text("receiver", threshold.receiver);
  text("summary", threshold.summary);
  number("enabled", threshold.enabled ? "true" : "false");
  text("author", threshold.author);
  number("created_at", std::to_string(threshold.created_at));
  number("updated_at", std::to_string(threshold.updated_at));
  return out + "}";
}

Result<Threshold> ThresholdFromJson(std::string_view json) {
  CACHESCOPE_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::ParseYaml(json, "threshold"));
  if (!root.IsMapping()) return root.Error("an object is expected");
  Threshold out;
  std::string op = ThresholdOperatorText(out.op);
  const auto step = [&](const ConfigNode& node) {
    EscalationStep& next = out.escalation.emplace_back();
    return MappingReader(node, "escalation step")
        .Duration("after", &next.after)
        .String("severity", &next.severity)
        .String("receiver", &next.receiver)
        .Finish();
  };
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(root, "threshold")
                                 .String("id", &out.id)
                                 .String("name", &out.name)
                                 .String("expr", &out.expr)
                                 .String("metric", &out.metric)
                                 .String("matchers", &out.matchers)
                                 .String("operator", &op)
                                 .Double("value", &out.value)
                                 .String("severity", &out.severity)
                                 .Duration("for", &out.hold)
                                 .Duration("cooldown", &out.cooldown)
                                 .Each("escalation", step)
                                 .String("receiver", &out.receiver)
                                 .String("summary", &out.summary)
                                 .Bool("enabled", &out.enabled)
                                 .String("author", &out.author)
                                 .Int("created_at", &out.created_at, 0, INT64_MAX)
                                 .Int("updated_at", &out.updated_at, 0, INT64_MAX)
                                 .Finish());
  for (const OperatorText& one : kOperators) {
    if (op != one.text) continue;
    out.op = one.op;
    return out;
  }
  return Wrong("operator", "one of > >= < <= == != is expected, not \"" + op + "\"");
}

}  // namespace cachescope::rules
