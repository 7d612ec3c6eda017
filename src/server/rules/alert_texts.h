// The labels and annotations of an alerting rule: templates parsed once, expanded for each element of the result.
//
// Immutable after construction and thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/promql/engine.h"
#include "server/rules/rule_file.h"
#include "server/rules/rule_labels.h"
#include "server/template/template.h"

namespace cachescope::rules {

// What templates of one evaluation may reach.
struct TemplateReach {
  std::function<Result<promql::QueryResult>(const std::string& query)> query;
  TimestampMs now = 0;
};

class AlertTexts {
 public:
  // Templates that do not parse expand to an error text, as those do that fail; rule files with such are refused.
  AlertTexts(const RuleDefinition& rule, const RuleManagerOptions& options);

  // One element of the rule's result and what its templates may reach. Cheap to make; the environment of the templates
  // is built when the first needs it.
  class Element {
   public:
    // All must outlive the element.
    Element(const AlertTexts& texts, const promql::ResultSeries& series, const TemplateReach& reach);
    // Without the metric name, with the rule's labels and alertname.
    Labels AlertLabels();
    Labels Annotations();
    // The value shown: 0 for a native histogram.
    double value() const { return value_; }

   private:
    friend class AlertTexts;
    struct Scope;
    std::string Expand(const templating::Template& parsed);

    const AlertTexts& texts_;
    const promql::ResultSeries& series_;
    const TemplateReach& reach_;
    double value_ = 0;
    std::shared_ptr<Scope> scope_;
  };

  // Whether annotations are a function of labels and value alone: then they need no second expansion while neither
  // changes. Decided by words: a template that mentions a query or the time is not.
  bool pure() const { return pure_; }
  // Labels of the alert that are known without a result, alertname among them.
  const Overrides& fixed_labels() const { return fixed_; }

 private:
  struct Text {
    std::string name;
    std::string error;  // why there is no template
    std::optional<templating::Template> parsed;
    std::string fixed;  // text without any template
    bool is_fixed = false;
  };
  static Text ParseText(const std::string& rule, const std::string& name, const std::string& text);
  std::string TextOf(const Text& text, Element* element) const;

  std::string external_url_;
  templating::Value external_labels_;
  std::vector<Text> labels_;  // those with templates
  Overrides fixed_;           // the others, sorted
  std::vector<Text> annotations_;
  Overrides fixed_annotations_;
  bool pure_ = true;
};

}  // namespace cachescope::rules
