// The thresholds people have set, kept in the state store and handed to the rule manager.
//
// Thread-safe. A call that returned ok() has written to the state store, and the rule manager evaluates the new set.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/rules/rule_manager.h"
#include "server/rules/threshold.h"
#include "server/storage/state_store.h"

namespace cachescope::rules {

class ThresholdStore {
 public:
  // Called with the whole set after every change and after Load, under a lock: it must not come back here. An error
  // refuses the change.
  using Listener = std::function<Status(const std::vector<Threshold>&)>;

  // All outlive this object; `store` may be null: then nothing survives.
  ThresholdStore(storage::StateStore* store, RuleManager* manager, promql::ParserOptions parser);
  void OnChange(Listener listener);

  // Reads what the store has and hands it on. Rows that do not parse or validate are logged and left out; they stay in
  // the store. kIoError, kUnavailable.
  Status Load();
  // Creates or replaces the one with this id; an empty id gets one. kInvalidArgument "FIELD: cause"; kLimitExceeded.
  Result<Threshold> Set(Threshold threshold, TimestampMs now);
  Status Remove(const std::string& id);  // kNotFound
  Result<Threshold> Get(const std::string& id) const;
  std::vector<Threshold> List() const;  // by id

 private:
  // REQUIRES: mu_ held.
  Status HandOn(const std::map<std::string, Threshold>& thresholds);

  storage::StateStore* const store_;
  RuleManager* const manager_;
  const promql::ParserOptions parser_;
  mutable std::mutex mu_;
  Listener listener_;                            // guarded by mu_
  std::map<std::string, Threshold> thresholds_;  // guarded by mu_
};

}  // namespace cachescope::rules
