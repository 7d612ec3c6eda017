// From rules to people: the state store, the rule manager, the notifier and the thresholds, wired together.
//
// Open comes first; everything else needs it. Thread-safe afterwards, but for Apply, which is called by one thread at a
// time.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/app/config.h"
#include "server/notify/forward/forwarder.h"
#include "server/notify/notifier.h"
#include "server/promql/engine.h"
#include "server/rules/rule_manager.h"
#include "server/rules/threshold_store.h"
#include "server/storage/querier.h"
#include "server/storage/state_store.h"

namespace cachescope::app {

class Alerting {
 public:
  // Both outlive this object.
  Alerting(const promql::Engine& engine, storage::Storage& storage);
  ~Alerting();

  // Opens state.db in `directory` (empty: nothing survives) and makes the parts. kUnavailable, kIoError,
  // kInvalidArgument (a newer format). A damaged file stands aside and is told in the log.
  Status Open(const std::string& directory);
  // Rules, notifier and thresholds take the configuration together or not at all.
  Status Apply(const Config& config, const std::string& external_url);
  void Start();
  // Rules end before what they read stops; the notifier has `grace` for what is on its way. Both are idempotent.
  void StopRules();
  void Stop(std::chrono::milliseconds grace);
  // Forgets what is over; called about once a minute.
  void Maintain();

  rules::RuleManager& rules() { return *rules_; }
  notify::Notifier& notifier() { return *notifier_; }
  storage::StateStore& state() { return *state_; }
  rules::ThresholdStore& thresholds() { return *thresholds_; }
  const notify::Forwarder& forwarder() const { return forwarder_; }

 private:
  class Sink;
  Status ApplyThresholds(const std::vector<rules::Threshold>& thresholds);
  std::string ChartOf(const Alert& alert) const;

  const promql::Engine& engine_;
  storage::Storage& storage_;
  notify::Forwarder forwarder_;
  std::unique_ptr<storage::StateStore> state_;
  std::unique_ptr<notify::Notifier> notifier_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<rules::RuleManager> rules_;
  std::unique_ptr<rules::ThresholdStore> thresholds_;
  mutable std::mutex mu_;
  ConfigNode alerts_;         // guarded by mu_: the section in force
  std::string external_url_;  // guarded by mu_
};

}  // namespace cachescope::app
