#include "server/rules/rule_file.h"

#include <map>
#include <set>
#include <tuple>

#include "base/config_node.h"
#include "server/promql/parser.h"
#include "server/template/template.h"

namespace cachescope::rules {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Makes every key of a mapping one that is known.
MappingReader& AllowAll(const ConfigNode& node, bool lenient, MappingReader& reader) {
  if (!lenient) return reader;
  for (const auto& [key, value] : node.entries()) reader.Allow(key.scalar());
  return reader;
}

// A template is checked by parsing it: what it does with real data shows only when the rule fires.
Status CheckTemplates(const ConfigNode& node, const char* what, const std::string& rule, const Pairs& pairs) {
  for (const auto& [name, text] : pairs) {
    const auto parsed = templating::Template::Parse("__alert_" + rule, text);
    if (!parsed.ok()) {
      const ConfigNode* value = node.Find(what) != nullptr ? node.Find(what)->Find(name) : nullptr;
      return (value != nullptr ? *value : node).Error(parsed.status().message());
    }
  }
  return {};
}

Status CheckLabels(const ConfigNode& node, const Pairs& labels) {
  for (const auto& [name, value] : labels) {
    if (!IsValidUtf8(name) || name.empty() || name == kMetricName)
      return node.Error("invalid label name: \"" + name + "\"");
    if (!IsValidUtf8(value)) return node.Error("invalid label value: \"" + value + "\"");
  }
  return {};
}

Status CheckNames(const ConfigNode& node, const std::string& record, const std::string& alert, RuleDefinition* rule) {
  const bool has_record = node.Find("record") != nullptr;
  const bool has_alert = node.Find("alert") != nullptr;
  if (has_record && has_alert) return node.Error("only one of \"record\" and \"alert\" must be set");
  if (!has_record && !has_alert) return node.Error("one of \"record\" or \"alert\" must be set");
  rule->alerting = has_alert;
  rule->name = has_alert ? alert : record;
  if (rule->name.empty())
    return node.Error(std::string("field \"") + (has_alert ? "alert" : "record") + "\" must not be empty");
  if (rule->alerting) return {};
  if (!rule->annotations.empty()) return node.Error("invalid field \"annotations\" in recording rule");
  if (node.Find("for") != nullptr) return node.Error("invalid field \"for\" in recording rule");
  if (node.Find("keep_firing_for") != nullptr) return node.Error("invalid field \"keep_firing_for\" in recording rule");
  if (!IsValidUtf8(rule->name)) return node.Error("invalid recording rule name: " + rule->name);
  // Braces and quotes in a recorded name are a whole selector where a name belongs.
  if (rule->name.find_first_of("{}\"") != std::string::npos) {
    return node.Error("braces present in the recording rule name; should it be in expr?: " + rule->name);
  }
  return {};
}

Status ReadRule(const ConfigNode& node, const promql::ParserOptions& parser, bool lenient, RuleDefinition* rule) {
  std::string record;
  std::string alert;
  MappingReader reader(node, "rule");
  CACHESCOPE_RETURN_IF_ERROR(AllowAll(node, lenient, reader)
                                 .String("record", &record)
                                 .String("alert", &alert)
                                 .String("expr", &rule->expr)
                                 .Duration("for", &rule->hold_duration)
                                 .Duration("keep_firing_for", &rule->keep_firing_for)
                                 .StringMap("labels", &rule->labels)
                                 .StringMap("annotations", &rule->annotations)
                                 .Finish());
  CACHESCOPE_RETURN_IF_ERROR(CheckNames(node, record, alert, rule));
  const ConfigNode* expr = node.Find("expr");
  if (rule->expr.empty()) return node.Error("field \"expr\" must be set in rule");
  if (const auto parsed = promql::ParseExpr(rule->expr, parser); !parsed.ok()) {
    return expr->Error("could not parse expression: " + std::string(parsed.status().message()));
  } else if ((*parsed)->type() != promql::ValueType::kVector && (*parsed)->type() != promql::ValueType::kScalar) {
    return expr->Error(std::string("a rule needs an instant vector or a scalar, not a ") +
                       promql::ValueTypeName((*parsed)->type()));
  }
  CACHESCOPE_RETURN_IF_ERROR(CheckLabels(node, rule->labels));
  CACHESCOPE_RETURN_IF_ERROR(CheckTemplates(node, "labels", rule->name, rule->labels));
  return CheckTemplates(node, "annotations", rule->name, rule->annotations);
}

class FileReader {
 public:
  FileReader(const RuleFile& file, const promql::ParserOptions& parser, bool lenient, std::vector<GroupDefinition>* out)
      : file_(file), parser_(parser), lenient_(lenient), out_(out) {}

  std::vector<Status> Run() {
    const auto root = ConfigNode::ParseYaml(file_.text, file_.name);
    if (!root.ok()) return {root.status()};
    MappingReader reader(*root, "rule file");
    Note(AllowAll(*root, lenient_, reader)
             .Each("groups",
                   [this](const ConfigNode& node) {
                     ReadGroup(node);
                     return Status();
                   })
             .Finish());
    return std::move(errors_);
  }

 private:
  void Note(Status status) {
    if (!status.ok()) errors_.push_back(std::move(status));
  }

  void ReadGroup(const ConfigNode& node) {
    GroupDefinition group;
    group.file = file_.name;
    MappingReader reader(node, "rule group");
    Status status = AllowAll(node, lenient_, reader)
                        .String("name", &group.name)
                        .Duration("interval", &group.interval)
                        .Node("query_offset",
                              [&](const ConfigNode& value) {
                                CACHESCOPE_ASSIGN_OR_RETURN(group.query_offset, value.AsDuration());
                                return Status();
                              })
                        .Int("limit", &group.limit, 0, 1'000'000'000)
                        .StringMap("labels", &group.labels)
                        .Allow("partial_response_strategy")
                        .Each("rules",
                              [&](const ConfigNode& rule) {
                                Note(ReadRule(rule, parser_, lenient_, &group.rules.emplace_back()));
                                return Status();
                              })
                        .Finish();
    if (status.ok() && group.name.empty()) status = node.Error("group name must not be empty");
    if (status.ok() && !names_.insert(group.name).second)
      status = node.Error("groupname: \"" + group.name + "\" is repeated in the same file");
    if (status.ok()) status = CheckLabels(node, group.labels);
    Note(std::move(status));
    if (errors_.empty()) out_->push_back(std::move(group));
  }

  const RuleFile& file_;
  const promql::ParserOptions& parser_;
  const bool lenient_;
  std::vector<GroupDefinition>* out_;
  std::vector<Status> errors_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<Status> ParseRuleFile(const RuleFile& file, const promql::ParserOptions& parser,
                                  std::vector<GroupDefinition>* out, bool lenient) {
  return FileReader(file, parser, lenient, out).Run();
}

std::vector<DuplicateRule> FindDuplicates(const std::vector<GroupDefinition>& groups) {
  std::map<std::tuple<bool, std::string, Labels>, int> counts;
  for (const GroupDefinition& group : groups) {
    for (const RuleDefinition& rule : group.rules) {
      ++counts[{rule.alerting, rule.name, Labels::FromPairs(rule.labels)}];
    }
  }
  std::vector<DuplicateRule> out;
  for (const auto& [key, count] : counts) {
    if (count > 1) out.push_back({std::get<1>(key), std::get<2>(key)});
  }
  return out;
}

std::vector<Status> CheckRuleFile(const RuleFile& file, const promql::ParserOptions& parser) {
  std::vector<GroupDefinition> groups;
  return ParseRuleFile(file, parser, &groups);
}

}  // namespace cachescope::rules
