#include "server/app/alerting.h"

#include "base/duration.h"
#include "base/env.h"
#include "base/log.h"
#include "base/quote.h"
#include "server/doctor/alert_explanation.h"
#include "server/storage/state/sqlite_state_store.h"

namespace cachescope::app {
namespace {

// Alerts of a year can be looked back at.
constexpr DurationMs kHistoryRetention = 366LL * 24 * 3600'000;

std::string JsonQuoted(const std::string& text) {
  std::string out;
  AppendQuotedText(&out, text, QuoteStyle::kJson);
  return out;
}

// What thresholds say about telling, in the words of the configuration: a route for those with a receiver of their own,
// escalations and cooldowns.
std::string PoliciesOf(const std::vector<rules::Threshold>& thresholds) {
  std::string routes;
  std::string escalations;
  std::string cooldowns;
  for (const rules::Threshold& threshold : thresholds) {
    if (!threshold.enabled) continue;
    const std::string matchers = "matchers: [" + JsonQuoted("threshold_id=\"" + threshold.id + "\"") + "]";
    if (!threshold.receiver.empty()) {
      routes += "- {" + matchers + ", receiver: " + JsonQuoted(threshold.receiver) + "}\n";
    }
    if (threshold.cooldown > 0) {
      cooldowns += "- {" + matchers + ", cooldown: " + FormatDuration(threshold.cooldown) + "}\n";
    }
    if (threshold.escalation.empty()) continue;
    escalations += "- name: " + JsonQuoted("threshold " + threshold.id) + "\n  " + matchers + "\n  steps:\n";
    for (const rules::EscalationStep& step : threshold.escalation) {
      escalations += "  - {after: " + FormatDuration(step.after) + ", receiver: " + JsonQuoted(step.receiver);
      if (!step.severity.empty()) escalations += ", severity: " + step.severity;
      escalations += "}\n";
    }
  }
  std::string out;
  if (!routes.empty()) out += "routes:\n" + routes;
  if (!escalations.empty()) out += "escalations:\n" + escalations;
  if (!cooldowns.empty()) out += "cooldowns:\n" + cooldowns;
  return out;
}

}  // namespace

// rules tells notify through here, so that neither knows the other.
// What goes out has the external labels and is relabelled, as what a Prometheus sends.
class Alerting::Sink final : public rules::AlertSink {
 public:
  Sink(notify::Notifier& notifier, notify::Forwarder& forwarder) : notifier_(notifier), forwarder_(forwarder) {}

  void Apply(const Labels& external, const std::vector<RelabelRule>& relabel) {
    const std::lock_guard lock(mu_);
    external_ = external;
    relabel_ = relabel;
  }

  void Send(const std::vector<Alert>& alerts) override {
    std::vector<Alert> out;
    {
      const std::lock_guard lock(mu_);
      for (const Alert& alert : alerts) {
        LabelsBuilder labels(alert.labels);
        for (const LabelView& label : external_) {
          if (labels.Get(label.name).empty()) labels.Set(label.name, label.value);
        }
        if (!ApplyRelabelRules(relabel_, &labels)) continue;
        out.push_back(alert);
        out.back().labels = labels.Build();
      }
    }
    notifier_.Put(out);
    forwarder_.Put(out);
  }

 private:
  notify::Notifier& notifier_;
  notify::Forwarder& forwarder_;
  std::mutex mu_;
  Labels external_;                   // guarded by mu_
  std::vector<RelabelRule> relabel_;  // guarded by mu_
};

Alerting::Alerting(const promql::Engine& engine, storage::Storage& storage) : engine_(engine), storage_(storage) {}

Alerting::~Alerting() = default;

Status Alerting::Open(const std::string& directory) {
  if (directory.empty()) {
    state_ = storage::StateStore::NewInMemory();
  } else {
    CACHESCOPE_ASSIGN_OR_RETURN(state::OpenedStateStore opened,
                                state::OpenStateStore(JoinPath(directory, "state.db"), Clock::System().NowMs()));
    if (!opened.set_aside.empty()) {
      LogError("state.db was damaged and stands aside; silences, acknowledgements and history begin anew",
               {{"file", opened.set_aside}});
    }
    state_ = std::move(opened.store);
  }
  notify::NotifierOptions options;
  options.store = state_.get();
  options.chart = [this](const Alert& alert) { return ChartOf(alert); };
  notifier_ = notify::Notifier::New(std::move(options));
  sink_ = std::make_unique<Sink>(*notifier_, forwarder_);
  rules_ = rules::RuleManager::New(engine_, storage_, sink_.get(), Clock::System());
  thresholds_ = std::make_unique<rules::ThresholdStore>(state_.get(), rules_.get(), engine_.options().parser);
  return {};
}

Status Alerting::Apply(const Config& config, const std::string& external_url) {
  // What thresholds ask of the notifier must fit the new receivers, before anything changes.
  const std::vector<rules::Threshold> thresholds = thresholds_->List();
  CACHESCOPE_ASSIGN_OR_RETURN(auto notifier, notify::ParseNotifierConfig(config.alerts, PoliciesOf(thresholds)));
  rules::RuleManagerOptions options;
  options.evaluation_interval = config.evaluation_interval;
  options.external_labels = config.scrape_defaults.external_labels;
  options.external_url = external_url;
  CACHESCOPE_RETURN_IF_ERROR(rules_->Apply(config.rule_files, options));
  sink_->Apply(config.scrape_defaults.external_labels, config.forward.alert_relabel);
  forwarder_.Apply(config.forward.targets);
  notifier_->Apply(std::move(notifier), external_url);
  const std::lock_guard lock(mu_);
  alerts_ = config.alerts;
  external_url_ = external_url;
  return {};
}

Status Alerting::ApplyThresholds(const std::vector<rules::Threshold>& thresholds) {
  const std::lock_guard lock(mu_);
  CACHESCOPE_ASSIGN_OR_RETURN(auto notifier, notify::ParseNotifierConfig(alerts_, PoliciesOf(thresholds)));
  notifier_->Apply(std::move(notifier), external_url_);
  return {};
}

void Alerting::Start() {
  thresholds_->OnChange([this](const std::vector<rules::Threshold>& all) { return ApplyThresholds(all); });
  if (const Status loaded = thresholds_->Load(); !loaded.ok()) {
    LogError("cannot read the thresholds; those set before are not evaluated",
             {{"error", std::string(loaded.message())}});
  }
  notifier_->Start();
  rules_->Start();
}

void Alerting::StopRules() {
  if (rules_ != nullptr) rules_->Stop();
}

void Alerting::Stop(std::chrono::milliseconds grace) {
  if (notifier_ != nullptr) notifier_->Stop(grace);
  forwarder_.Stop();
}

void Alerting::Maintain() {
  const TimestampMs now = Clock::System().NowMs();
  const auto removed = state_->Expire(now, now - kHistoryRetention);
  if (!removed.ok()) LogWarn("cannot tidy state.db", {{"error", std::string(removed.status().message())}});
}

// The rule is found by the name and labels of its alert. Messages go without a chart when anything is amiss.
std::string Alerting::ChartOf(const Alert& alert) const {
  for (const rules::GroupSnapshot& group : rules_->Groups(false)) {
    for (const rules::RuleSnapshot& rule : group.rules) {
      if (!rule.alerting || rule.name != alert.labels.Get("alertname")) continue;
      doctor::ExplanationRequest request;
      request.query = rule.query;
      request.labels = alert.labels;
      request.now = Clock::System().NowMs();
      const auto values = doctor::ReadAlertValues(engine_, storage_, request);
      if (values.ok() && !values->points.empty()) return doctor::Bars(values->points);
    }
  }
  return {};
}

}  // namespace cachescope::app
