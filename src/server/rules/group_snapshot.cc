// What others see of a group.
#include "base/percent.h"
#include "server/rules/group.h"

namespace cachescope::rules {
namespace {

RuleSnapshot SnapshotOf(const RunningRule& rule, const std::string& external_url, bool with_alerts) {
  RuleSnapshot out;
  out.alerting = rule.definition.alerting;
  out.name = rule.definition.name;
  out.query = rule.query;
  out.hold_duration = rule.definition.hold_duration;
  out.keep_firing_for = rule.definition.keep_firing_for;
  out.labels = Labels::FromPairs(rule.definition.labels);
  out.annotations = rule.definition.annotations;
  if (with_alerts && rule.definition.alerting) {
    out.alerts = rule.alerts.Active();
    const std::string url = GeneratorUrl(external_url, rule.query);
    for (Alert& alert : out.alerts) alert.generator_url = url;
  }
  out.state = rule.alerts.Worst();
  out.health = rule.health;
  out.last_error = rule.last_error;
  out.evaluation_seconds = rule.evaluation_seconds;
  out.last_evaluation = rule.last_evaluation;
  out.selectors = rule.selectors;
  return out;
}

}  // namespace

std::string GeneratorUrl(const std::string& external_url, const std::string& query) {
  return external_url + "/graph?g0.expr=" + PercentEncode(query) + "&g0.tab=1";
}

GroupSnapshot Group::Snapshot(bool with_alerts) const {
  GroupSnapshot out;
  out.name = definition_.name;
  out.file = definition_.file;
  out.interval = interval_;
  out.limit = definition_.limit;
  out.query_offset = query_offset_;
  const std::lock_guard lock(mu_);
  out.rules.reserve(rules_.size());
  for (const RunningRule& rule : rules_) {
    out.rules.push_back(SnapshotOf(rule, options_.external_url, with_alerts));
  }
  out.evaluation_seconds = evaluation_seconds_;
  out.last_evaluation = last_evaluation_;
  out.evaluations = evaluations_;
  out.failures = failures_;
  out.missed = missed_;
  return out;
}

void Group::AddTo(RuleStats* stats) const {
  const std::lock_guard lock(mu_);
  ++stats->groups;
  stats->rules += rules_.size();
  stats->evaluations += evaluations_;
  stats->failures += failures_;
  stats->missed += missed_;
  for (const RunningRule& rule : rules_) {
    const AlertStates::Counts counts = rule.alerts.Count();
    stats->pending += counts.pending;
    stats->firing += counts.firing;
    for (const SelectorFinding& finding : rule.selectors) {
      if (finding.verdict == SelectorVerdict::kNothing) ++stats->dead_selectors;
    }
  }
}

void Group::SetFindings(std::vector<std::vector<SelectorFinding>> by_rule) {
  const std::lock_guard lock(mu_);
  for (std::size_t i = 0; i < rules_.size() && i < by_rule.size(); ++i) {
    // A match seen earlier stays known.
    for (SelectorFinding& finding : by_rule[i]) {
      for (const SelectorFinding& before : rules_[i].selectors) {
        if (before.selector == finding.selector && finding.last_matched_at == 0) {
          finding.last_matched_at = before.last_matched_at;
        }
      }
    }
    rules_[i].selectors = std::move(by_rule[i]);
  }
}

}  // namespace cachescope::rules
