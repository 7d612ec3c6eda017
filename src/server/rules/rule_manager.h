// Rule groups: loads Prometheus rule files, evaluates them on time, keeps alert states, writes results back into the
// store and hands alerts to an AlertSink. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/alert.h"
#include "model/labels.h"
#include "server/promql/engine.h"
#include "server/storage/appender.h"
#include "server/storage/querier.h"

namespace cachescope::rules {

// Receives alerts to tell: firing ones every resend delay, resolved ones for 15 minutes. Called by evaluation threads;
// must not block for long. Owned by whoever wires it.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual void Send(const std::vector<Alert>& alerts) = 0;
};

// What the HTTP API shows of a rule; a copy taken under lock.
struct RuleSnapshot {
  bool alerting = false;
  std::string name;              // record or alert
  std::string query;             // canonical text
  DurationMs hold_duration = 0;  // for
  DurationMs keep_firing_for = 0;
  Labels labels;
  std::vector<std::pair<std::string, std::string>> annotations;  // templates, not expanded
  std::vector<Alert> alerts;                                     // pending and firing
  AlertState state = AlertState::kInactive;                      // worst of its alerts
  std::string health = "unknown";                                // ok, err, unknown
  std::string last_error;
  double evaluation_seconds = 0;
  TimestampMs last_evaluation = 0;
};

struct GroupSnapshot {
  std::string name;
  std::string file;
  DurationMs interval = 0;
  std::int64_t limit = 0;
  std::vector<RuleSnapshot> rules;
  double evaluation_seconds = 0;
  TimestampMs last_evaluation = 0;
  std::uint64_t evaluations = 0;
  std::uint64_t failures = 0;
  std::uint64_t missed = 0;  // iterations skipped because the previous one was still running
};

// A rule file: its name for messages and its YAML text.
struct RuleFile {
  std::string name;
  std::string text;
};

struct RuleManagerOptions {
  DurationMs evaluation_interval = 60'000;  // of groups that state none
  DurationMs resend_delay = 60'000;         // between two sends of an alert that keeps firing
  Labels external_labels;
  std::string external_url;      // of our page, for generator URLs and $externalURL
  promql::ParserOptions parser;  // set by Apply to the engine's
};

class RuleManager {
 public:
  virtual ~RuleManager() = default;

  // Replaces all groups. Groups whose name, file and rules are unchanged keep their state; series of rules that are
  // gone get a staleness marker. On error nothing changes; the message names file, line, column and cause.
  virtual Status Apply(const std::vector<RuleFile>& files, RuleManagerOptions options) = 0;
  // Evaluates on a thread of its own from now on, each group at its own offset within its interval. Stop() ends it;
  // idempotent.
  virtual void Start() = 0;
  virtual void Stop() = 0;
  // Evaluates every group once as of `t`; for tests and tools, without Start.
  virtual void EvaluateAll(TimestampMs t) = 0;
  virtual std::vector<GroupSnapshot> Groups() const = 0;

  // All must outlive the manager; `sink` may be null.
  static std::unique_ptr<RuleManager> New(const promql::Engine& engine, storage::Storage& storage, AlertSink* sink,
                                          const Clock& clock);
};

// Checks rule files without loading them: the same errors as Apply, one per problem, each with its place.
std::vector<Status> CheckRuleFile(const RuleFile& file, const promql::ParserOptions& parser = {});

}  // namespace cachescope::rules
