#include "server/rules/alert_texts.h"

#include "base/log.h"
#include "server/promql/eval_histogram.h"

namespace cachescope::rules {
namespace {

// The metric name is a label like any other.
templating::Value LabelsValue(const Labels& labels) {
  templating::Map map;
  for (const LabelView& label : labels) map.emplace(std::string(label.name), templating::Value(label.value));
  return {std::move(map), true};
}

templating::Value PointValue(const promql::ResultSeries& series) {
  if (!series.floats.empty()) return {series.floats.front().v};
  if (!series.histograms.empty()) return {promql::HistogramToString(*series.histograms.front().h)};
  return {0.0};
}

templating::Value SampleList(const promql::QueryResult& result) {
  templating::List list;
  if (result.type == promql::ValueType::kScalar) {
    list.push_back(templating::Map{{"Labels", LabelsValue({})}, {"Value", templating::Value(result.scalar.v)}});
  }
  for (const auto& series : result.series) {
    if (series.floats.empty() && series.histograms.empty()) continue;
    list.push_back(templating::Map{{"Labels", LabelsValue(series.labels)}, {"Value", PointValue(series)}});
  }
  return {std::move(list)};
}

bool Mentions(const std::string& text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

struct AlertTexts::Element::Scope {
  templating::Environment environment;
  templating::Value data;
};

AlertTexts::Text AlertTexts::ParseText(const std::string& rule, const std::string& name, const std::string& text) {
  Text out;
  out.name = name;
  out.fixed = text;
  out.is_fixed = text.find("{{") == std::string::npos;
  if (out.is_fixed) return out;
  auto parsed = templating::Template::Parse("__alert_" + rule, text);
  if (parsed.ok()) {
    out.parsed = std::move(*parsed);
  } else {
    out.error = parsed.status().message();
  }
  return out;
}

AlertTexts::AlertTexts(const RuleDefinition& rule, const RuleManagerOptions& options)
    : external_url_(options.external_url), external_labels_(LabelsValue(options.external_labels)) {
  for (const auto& [name, text] : rule.labels) {
    Text parsed = ParseText(rule.name, name, text);
    // Known by name already, so that its place among the sorted labels is taken.
    fixed_.emplace_back(name, parsed.is_fixed ? text : "");
    if (!parsed.is_fixed) labels_.push_back(std::move(parsed));
  }
  fixed_.emplace_back("alertname", rule.name);
  SortOverrides(&fixed_);
  for (const auto& [name, text] : rule.annotations) {
    Text parsed = ParseText(rule.name, name, text);
    pure_ = pure_ && (parsed.is_fixed || !Mentions(text, {"query", "now", "time", "Time", "rand"}));
    fixed_annotations_.emplace_back(name, parsed.is_fixed ? text : "");
    if (!parsed.is_fixed) annotations_.push_back(std::move(parsed));
  }
  SortOverrides(&fixed_annotations_);
}

AlertTexts::Element::Element(const AlertTexts& texts, const promql::ResultSeries& series, const TemplateReach& reach)
    : texts_(texts), series_(series), reach_(reach), value_(series.floats.empty() ? 0 : series.floats.front().v) {}

// A template that fails must not lose the alert: the text says what went wrong, as upstream's does.
std::string AlertTexts::Element::Expand(const templating::Template& parsed) {
  if (scope_ == nullptr) {
    scope_ = std::make_shared<Scope>();
    templating::Environment& environment = scope_->environment;
    environment.external_url = texts_.external_url_;
    environment.now = reach_.now;
    const templating::Value labels = LabelsValue(series_.labels);
    const templating::Value value = PointValue(series_);
    environment.variables = {{"$labels", labels},
                             {"$value", value},
                             {"$externalLabels", texts_.external_labels_},
                             {"$externalURL", templating::Value(texts_.external_url_)}};
    environment.query = [this](const std::string& query) -> Result<templating::Value> {
      CACHESCOPE_ASSIGN_OR_RETURN(const promql::QueryResult result, reach_.query(query));
      return SampleList(result);
    };
    scope_->data = templating::Map{{"Labels", labels},
                                   {"ExternalLabels", texts_.external_labels_},
                                   {"ExternalURL", templating::Value(texts_.external_url_)},
                                   {"Value", value}};
  }
  auto result = parsed.Expand(scope_->data, scope_->environment);
  if (result.ok()) return std::move(*result);
  LogWarn("cannot expand alert template", {{"error", std::string(result.status().message())}});
  return "<error expanding template: " + std::string(result.status().message()) + ">";
}

std::string AlertTexts::TextOf(const Text& text, Element* element) const {
  if (text.parsed.has_value()) return element->Expand(*text.parsed);
  return "<error expanding template: " + text.error + ">";
}

Labels AlertTexts::Element::AlertLabels() {
  if (texts_.labels_.empty()) return WithOverrides(series_.labels, texts_.fixed_);
  Overrides all = texts_.fixed_;
  for (const Text& text : texts_.labels_) {
    for (auto& [name, value] : all) {
      if (name == text.name && name != "alertname") value = texts_.TextOf(text, this);
    }
  }
  return WithOverrides(series_.labels, all);
}

Labels AlertTexts::Element::Annotations() {
  if (texts_.annotations_.empty()) return WithOverrides({}, texts_.fixed_annotations_);
  Overrides all = texts_.fixed_annotations_;
  for (const Text& text : texts_.annotations_) {
    for (auto& [name, value] : all) {
      if (name == text.name) value = texts_.TextOf(text, this);
    }
  }
  return WithOverrides({}, all);
}

}  // namespace cachescope::rules
