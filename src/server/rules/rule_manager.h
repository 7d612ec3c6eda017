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
#include "server/rules/rule_snapshot.h"
#include "server/storage/appender.h"
#include "server/storage/querier.h"

namespace cachescope::rules {

struct Threshold;  // threshold.h

// Receives alerts to tell: firing ones every resend delay, resolved ones for 15 minutes. Called by evaluation threads,
// several at a time; must not block for long. Owned by whoever wires it.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual void Send(const std::vector<Alert>& alerts) = 0;
};

// A rule file: its name for messages and its YAML text.
struct RuleFile {
  std::string name;
  std::string text;
};

struct RuleManagerOptions {
  DurationMs evaluation_interval = 60'000;    // of groups that state none
  DurationMs query_offset = 0;                // the same; how far behind the evaluation time queries look
  DurationMs resend_delay = 60'000;           // between two sends of an alert that keeps firing
  DurationMs outage_tolerance = 60 * 60'000;  // the oldest ALERTS_FOR_STATE sample a restart goes on from
  DurationMs grace_period = 10 * 60'000;      // at least this long after a restart before a restored alert fires
  DurationMs check_interval = 5 * 60'000;     // between two checks of all selectors; 0: none
  std::size_t concurrency = 4;                // evaluations at one time; read when Start is called
  Labels external_labels;
  std::string external_url;      // of our page, for generator URLs and $externalURL
  promql::ParserOptions parser;  // set by Apply to the engine's
};

class RuleManager {
 public:
  virtual ~RuleManager() = default;

  // Replaces all groups of files. Unchanged groups keep everything, their rhythm included; in changed ones rules with
  // the same name and labels keep their alerts; series of rules that are gone get a staleness marker. On error nothing
  // changes; the message names file, line, column and cause.
  virtual Status Apply(const std::vector<RuleFile>& files, RuleManagerOptions options) = 0;
  // Replaces the group "thresholds", which stands beside those of files; files keep their state and the other way
  // round. kInvalidArgument: one does not validate; nothing changes.
  virtual Status SetThresholds(const std::vector<Threshold>& thresholds) = 0;
  // Evaluates on threads of its own from now on, each group at its own offset within its interval. The first call also
  // restores the `for` of alerts from what the store knows. Stop() ends it, an evaluation that runs included;
  // idempotent.
  virtual void Start() = 0;
  virtual void Stop() = 0;
  // Evaluates every group once as of `t`, in order; for tests and tools, without Start.
  virtual void EvaluateAll(TimestampMs t) = 0;
  // `with_alerts` false leaves RuleSnapshot::alerts empty, which is much cheaper where many are active.
  virtual std::vector<GroupSnapshot> Groups(bool with_alerts = true) const = 0;
  virtual RuleStats Stats() const = 0;
  // Checks all selectors as of now and keeps the findings for snapshots. Start does it at load and every check
  // interval.
  virtual void CheckNow() = 0;

  // All must outlive the manager; `sink` may be null. Pauses are measured with the monotonic clock, whatever `clock`
  // says.
  static std::unique_ptr<RuleManager> New(const promql::Engine& engine, storage::Storage& storage, AlertSink* sink,
                                          const Clock& clock);
};

// Checks rule files without loading them: the same errors as Apply, one per problem, each with its place.
std::vector<Status> CheckRuleFile(const RuleFile& file, const promql::ParserOptions& parser = {});

}  // namespace cachescope::rules
