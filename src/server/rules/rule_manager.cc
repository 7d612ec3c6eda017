#include "server/rules/rule_manager.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "server/rules/group.h"
#include "server/rules/rule_file.h"
#include "server/rules/scheduler.h"
#include "server/rules/threshold.h"

namespace cachescope::rules {
namespace {

using Groups = std::vector<std::shared_ptr<Group>>;

bool SameForGroups(const RuleManagerOptions& a, const RuleManagerOptions& b) {
  return a.evaluation_interval == b.evaluation_interval && a.query_offset == b.query_offset &&
         a.resend_delay == b.resend_delay && a.outage_tolerance == b.outage_tolerance &&
         a.grace_period == b.grace_period && a.external_url == b.external_url && a.external_labels == b.external_labels;
}

bool SameKey(const Group& a, const Group& b) {
  return a.definition().name == b.definition().name && a.definition().file == b.definition().file;
}

class Manager final : public RuleManager {
 public:
  Manager(const promql::Engine& engine, storage::Storage& storage, AlertSink* sink, const Clock& clock)
      : context_(ContextOf(engine, storage, sink)), clock_(clock), scheduler_(context_, clock) {}
  ~Manager() override { Stop(); }

  Status Apply(const std::vector<RuleFile>& files, RuleManagerOptions options) override {
    options.parser = context_.engine->options().parser;
    std::vector<GroupDefinition> definitions;
    for (const RuleFile& file : files) {
      const auto errors = ParseRuleFile(file, options.parser, &definitions);
      if (!errors.empty()) return errors.front();
    }
    const std::lock_guard applying(apply_mu_);
    from_files_ = std::move(definitions);
    Replace(std::move(options));
    return {};
  }

  Status SetThresholds(const std::vector<Threshold>& thresholds) override {
    const std::lock_guard applying(apply_mu_);
    CACHESCOPE_ASSIGN_OR_RETURN(from_thresholds_, ThresholdGroup(thresholds, context_.engine->options().parser));
    Replace(options_);
    return {};
  }

  void Start() override;
  void Stop() override;

  void EvaluateAll(TimestampMs t) override {
    for (const auto& group : CopyGroups()) group->Evaluate(context_, {t, t});
  }

  std::vector<GroupSnapshot> Groups(bool with_alerts) const override {
    std::vector<GroupSnapshot> out;
    for (const auto& group : CopyGroups()) out.push_back(group->Snapshot(with_alerts));
    return out;
  }

  RuleStats Stats() const override {
    RuleStats out;
    for (const auto& group : CopyGroups()) group->AddTo(&out);
    return out;
  }

  void CheckNow() override;

 private:
  static EvaluationContext ContextOf(const promql::Engine& engine, storage::Storage& storage, AlertSink* sink) {
    EvaluationContext out;
    out.engine = &engine;
    out.storage = &storage;
    out.sink = sink;
    return out;
  }
  rules::Groups CopyGroups() const {
    const std::lock_guard lock(mu_);
    return groups_;
  }
  void Replace(RuleManagerOptions options);
  void CheckLoop();

  const EvaluationContext context_;
  const Clock& clock_;
  Scheduler scheduler_;

  std::mutex apply_mu_;                           // one replacement at a time; taken before mu_
  std::vector<GroupDefinition> from_files_;       // guarded by apply_mu_
  std::vector<GroupDefinition> from_thresholds_;  // guarded by apply_mu_
  bool restored_ = false;                         // guarded by apply_mu_
  mutable std::mutex mu_;
  std::condition_variable wake_;
  rules::Groups groups_;        // guarded by mu_
  RuleManagerOptions options_;  // written under both, read under either
  bool check_wanted_ = false;   // guarded by mu_
  bool stopping_ = false;       // guarded by mu_
  std::thread checker_;
};

// Unchanged groups go on as they are. A changed one takes the state of the group with its name and file first; what
// then still has a state to give, because its group was renamed or moved, gives it to rules that have none.
void Manager::Replace(RuleManagerOptions options) {
  std::vector<GroupDefinition> definitions = from_files_;
  definitions.insert(definitions.end(), from_thresholds_.begin(), from_thresholds_.end());
  rules::Groups old = CopyGroups();
  rules::Groups next;
  rules::Groups fresh;
  const bool same_options = SameForGroups(options, options_);
  for (GroupDefinition& definition : definitions) {
    const auto kept = std::find_if(
        old.begin(), old.end(), [&](const auto& group) { return same_options && group->definition() == definition; });
    if (kept != old.end()) {
      next.push_back(*kept);
      old.erase(kept);
      continue;
    }
    next.push_back(std::make_shared<Group>(std::move(definition), options));
    fresh.push_back(next.back());
  }
  for (const auto& group : fresh) {
    for (const auto& before : old) {
      if (SameKey(*group, *before)) group->TakeStateFrom(*before);
    }
  }
  for (const auto& group : fresh) {
    for (const auto& before : old) {
      if (!SameKey(*group, *before)) group->TakeStateFrom(*before);
    }
  }
  const TimestampMs now = clock_.NowMs();
  for (const auto& gone : old) gone->End(context_, now);
  {
    const std::lock_guard lock(mu_);
    groups_ = next;
    options_ = std::move(options);
    check_wanted_ = true;
  }
  scheduler_.SetGroups(next);
  wake_.notify_all();
}

void Manager::Start() {
  const std::lock_guard applying(apply_mu_);
  if (!restored_) {
    for (const auto& group : CopyGroups()) group->RestoreLater();
    restored_ = true;
  }
  scheduler_.Start(options_.concurrency);
  const std::lock_guard lock(mu_);
  stopping_ = false;
  if (!checker_.joinable()) checker_ = std::thread([this] { CheckLoop(); });
}

void Manager::Stop() {
  scheduler_.Stop();
  {
    const std::lock_guard lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (checker_.joinable()) checker_.join();
}

void Manager::CheckLoop() {
  std::unique_lock lock(mu_);
  while (!stopping_) {
    const DurationMs interval = options_.check_interval;
    check_wanted_ = false;
    if (interval > 0) {
      lock.unlock();
      CheckNow();
      lock.lock();
    }
    wake_.wait_for(lock, std::chrono::milliseconds(interval > 0 ? interval : 60'000),
                   [this] { return stopping_ || check_wanted_; });
  }
}

void Manager::CheckNow() {
  const rules::Groups groups = CopyGroups();
  std::vector<CheckedRule> rules;
  std::vector<std::string> written;
  for (const auto& group : groups) {
    for (const RunningRule& rule : group->rules()) {
      rules.push_back({rule.expr.get()});
      if (!rule.definition.alerting) written.push_back(rule.definition.name);
    }
  }
  auto findings =
      CheckSelectors(rules, written, *context_.storage, clock_.NowMs(), context_.engine->options().lookback_delta);
  auto next = std::make_move_iterator(findings.begin());
  for (const auto& group : groups) {
    const auto count = static_cast<std::ptrdiff_t>(group->rules().size());
    group->SetFindings({next, next + count});
    next += count;
  }
}

}  // namespace

std::unique_ptr<RuleManager> RuleManager::New(const promql::Engine& engine, storage::Storage& storage, AlertSink* sink,
                                              const Clock& clock) {
  return std::make_unique<Manager>(engine, storage, sink, clock);
}

}  // namespace cachescope::rules
