// Relabelling: the rules of relabel_configs, metric_relabel_configs and their kin, in the order they are written.
//
// A rule is immutable and thread-safe; copies share the compiled expression. Expressions are RE2, anchored at both
// ends, "." matches newlines. Behaviour:
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_node.h"
#include "base/result.h"
#include "model/labels.h"

namespace cachescope {

enum class RelabelAction : unsigned char {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase
};

struct RelabelOptions {
  RelabelAction action = RelabelAction::kReplace;
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string target_label;
  std::string regex = "(.*)";
  std::string replacement = "$1";
  std::uint64_t modulus = 0;
};

class RelabelRule {
 public:
  // kInvalidArgument: an expression that does not compile, a field the action needs or forbids.
  static Result<RelabelRule> New(RelabelOptions options);
  // One item of a list; messages carry the place.
  static Result<RelabelRule> Parse(const ConfigNode& node);

  // Changes `labels`; false when they are dropped, then their content is unspecified. Lower and upper case act on ASCII
  // letters.
  bool Apply(LabelsBuilder* labels) const;

  const RelabelOptions& options() const noexcept { return options_; }
  // All fields as text: equal for equal rules.
  std::string Fingerprint() const;

 private:
  struct Regex;
  RelabelRule() = default;
  void Replace(std::string_view value, LabelsBuilder* labels) const;
  void MapLabels(LabelsBuilder* labels) const;
  void RemoveLabels(bool matching, LabelsBuilder* labels) const;

  RelabelOptions options_;
  std::shared_ptr<const Regex> regex_;
};

// A list of rules; an empty item is an error, as upstream.
Result<std::vector<RelabelRule>> ParseRelabelRules(const ConfigNode& list);

// All rules in order; false as soon as one drops.
bool ApplyRelabelRules(const std::vector<RelabelRule>& rules, LabelsBuilder* labels);

}  // namespace cachescope
