#include "server/rules/dependency.h"

#include <algorithm>

#include "server/rules/selector_walk.h"

namespace cachescope::rules {
namespace {

constexpr std::string_view kAlerts = "ALERTS";
constexpr std::string_view kForState = "ALERTS_FOR_STATE";

bool IsTemplate(std::string_view text) { return text.find("{{") != std::string_view::npos; }

// What a rule reads and writes, taken out of its tree once.
struct Traits {
  const RuleDefinition* rule = nullptr;
  std::vector<const promql::VectorSelector*> selectors;
  bool reads_anything = false;
};

Traits TraitsOf(const RuleView& view) {
  Traits out;
  out.rule = view.definition;
  VisitSelectors(*view.expr, [&](const SelectorUse& use) { out.selectors.push_back(use.selector); });
  if (!view.definition->alerting) return out;
  for (const auto* pairs : {&view.definition->labels, &view.definition->annotations}) {
    for (const auto& [name, text] : *pairs) {
      if (IsTemplate(text) && text.find("query") != std::string::npos) out.reads_anything = true;
    }
  }
  return out;
}

bool NameFits(const promql::VectorSelector& selector, std::string_view name) {
  return std::all_of(selector.matchers.begin(), selector.matchers.end(),
                     [&](const Matcher& m) { return m.name() != kMetricName || m.Matches(name); });
}

// Labels whose value is known before the rule runs.
bool LabelsFit(const promql::VectorSelector& selector, const RuleDefinition& writer) {
  for (const Matcher& matcher : selector.matchers) {
    if (writer.alerting && matcher.name() == "alertname" && !matcher.Matches(writer.name)) return false;
    for (const auto& [name, value] : writer.labels) {
      if (name != matcher.name() || (writer.alerting && (IsTemplate(value) || name == "alertname"))) continue;
      if (!matcher.Matches(value)) return false;
    }
  }
  return true;
}

bool Reads(const Traits& reader, const RuleDefinition& writer) {
  if (reader.reads_anything) return true;
  return std::any_of(reader.selectors.begin(), reader.selectors.end(), [&](const promql::VectorSelector* selector) {
    const bool name = writer.alerting ? NameFits(*selector, kAlerts) || NameFits(*selector, kForState)
                                      : NameFits(*selector, writer.name);
    return name && LabelsFit(*selector, writer);
  });
}

bool SameOutput(const RuleDefinition& a, const RuleDefinition& b) {
  if (a.name != b.name || a.alerting != b.alerting) return false;
  // Labels that differ and are known keep the outputs apart.
  for (const auto& [name, value] : a.labels) {
    for (const auto& [other, other_value] : b.labels) {
      if (name != other || value == other_value) continue;
      if (!a.alerting || (!IsTemplate(value) && !IsTemplate(other_value))) return false;
    }
  }
  return true;
}

}  // namespace

bool MayRead(const RuleView& reader, const RuleView& writer) { return Reads(TraitsOf(reader), *writer.definition); }

bool MayWriteSame(const RuleView& a, const RuleView& b) { return SameOutput(*a.definition, *b.definition); }

std::vector<std::vector<std::size_t>> LevelsOf(const std::vector<RuleView>& rules) {
  std::vector<Traits> traits;
  traits.reserve(rules.size());
  for (const RuleView& rule : rules) traits.push_back(TraitsOf(rule));
  std::vector<std::size_t> level(rules.size(), 0);
  std::vector<std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (level[j] < level[i]) continue;
      if (Reads(traits[i], *traits[j].rule) || Reads(traits[j], *traits[i].rule) ||
          SameOutput(*traits[i].rule, *traits[j].rule)) {
        level[i] = level[j] + 1;
      }
    }
    if (out.size() <= level[i]) out.resize(level[i] + 1);
    out[level[i]].push_back(i);
  }
  return out;
}

}  // namespace cachescope::rules
