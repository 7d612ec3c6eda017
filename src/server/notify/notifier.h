// The notifier takes alerts and tells receivers: route tree, grouping, silences, inhibition, acknowledgement,
// escalation, deduplication, retries. What must survive a restart is in a StateStore.
//
// Its pipeline is a list of stages (notify/stages): each takes a group's alerts and lets some of them go on.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config_node.h"
#include "base/result.h"
#include "model/alert.h"
#include "server/notify/alert_view.h"
#include "server/notify/integration.h"
#include "server/notify/receiver_view.h"
#include "server/notify/silences/silence_store.h"
#include "server/storage/state_store.h"

namespace cachescope::notify {

// A whole alertmanager.yml (0.34), and our own sections `escalations` and `cooldowns`.
struct NotifierConfig;
// kInvalidArgument with file, line and column; never a secret.
// `policies`, YAML or empty, adds what is made at run time: `routes` that come before all others, `escalations` and
// `cooldowns`.
Result<std::shared_ptr<const NotifierConfig>> ParseNotifierConfig(const ConfigNode& node,
                                                                  const std::string& policies = {});
// One receiver "log" and a route to it.
ConfigNode DefaultNotifierDocument();
std::shared_ptr<const NotifierConfig> DefaultNotifierConfig();
// What is accepted and not served, each with its place: to be said aloud.
const std::vector<std::string>& NotifierConfigWarnings(const NotifierConfig& config);
// Keys whose values are secrets, for whoever shows a configuration.
std::vector<std::string> SecretKeys();
// Receivers an alert with these labels goes to, in order: what `amtool config routes test` prints.
std::vector<std::string> RouteTest(const NotifierConfig& config, const Labels& labels);

struct NotifierOptions {
  const Clock* wall = &Clock::System();
  // Measures intervals. Null: the machine's steady clock, or `wall` when that is not the system's.
  const Clock* monotonic = nullptr;
  storage::StateStore* store = nullptr;  // null: nothing survives. Outlives the notifier
  SilenceLimits silences;
  decltype(NotifyContext::fetch) fetch = http::FetchBlocking;  // of every integration; replaced in tests
  decltype(NotifyContext::chart) chart;                        // of every integration; may be null
};

struct NotifierStats {
  std::string integration;
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;                     // given up until the group's next turn
  std::uint64_t retried = 0;                    // attempts that failed and are made again
  std::uint64_t reasons[kFailureReasons] = {};  // of every attempt that failed, by FailureReason
};

struct NotifierCounters {
  std::uint64_t dropped = 0;     // alerts: too many waited or are held
  std::uint64_t queue_full = 0;  // notifications not queued; their group tries at its next turn
  std::uint64_t queued = 0;      // waiting or on their way now
  std::uint64_t alerts = 0, groups = 0;
  std::uint64_t cooled = 0;     // episodes that began inside a cooldown
  std::uint64_t escalated = 0;  // steps
  std::uint64_t history_dropped = 0;
  std::uint64_t received_firing = 0, received_resolved = 0, received_invalid = 0;  // by PutExternal
};

// One alert of POST /api/v2/alerts. 0: not given.
struct ExternalAlert {
  Labels labels;
  Labels annotations;
  TimestampMs starts_at = 0;
  TimestampMs ends_at = 0;
  std::string generator_url;
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Takes effect for the next flush; sends on their way finish with the old one.
  virtual void Apply(std::shared_ptr<const NotifierConfig> config, std::string external_url) = 0;
  // Firing alerts and resolved ones (resolved_at != 0). Never blocks; beyond 10,000 waiting alerts new ones are dropped
  // and counted.
  virtual void Put(const std::vector<Alert>& alerts) = 0;
  // The same for alerts from outside, with upstream's defaults: no start is now (or the end), no end is resolve_timeout
  // from now. kInvalidArgument names what is wrong with those that are; the others are taken.
  virtual Status PutExternal(const std::vector<ExternalAlert>& alerts) = 0;
  virtual void Start() = 0;
  // Flushes nothing, waits for sends in flight at most `grace`.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
  // For tests on a simulated clock, without Start: does everything that is due now.
  virtual void RunDue() = 0;

  virtual SilenceStore& silences() = 0;
  // Acknowledges the alerts that fire now and match all `matchers`; returns them. kNotFound: none does;
  // kInvalidArgument: no matchers.
  virtual Result<std::vector<Fingerprint>> Acknowledge(const std::vector<Matcher>& matchers, const std::string& author,
                                                       const std::string& comment) = 0;
  virtual Status Acknowledge(Fingerprint fingerprint, const std::string& author, const std::string& comment) = 0;
  virtual Status Unacknowledge(Fingerprint fingerprint, const std::string& author) = 0;
  virtual AlertSnapshot Snapshot() const = 0;
  virtual std::vector<ReceiverView> Receivers() const = 0;
  // Tells a made-up alert through every channel of a receiver, and nobody else. Blocks while they answer. kNotFound.
  virtual Result<std::vector<DrillResult>> Drill(const std::string& receiver) const = 0;
  // Where an alert with these labels would go.
  virtual std::vector<RouteView> Routes(const Labels& labels) const = 0;

  virtual std::vector<NotifierStats> Stats() const = 0;
  virtual NotifierCounters Counters() const = 0;
  std::uint64_t dropped() const { return Counters().dropped; }

  // Reads what the store has before it returns; what cannot be read is logged and left out.
  static std::unique_ptr<Notifier> New(NotifierOptions options);
  static std::unique_ptr<Notifier> New(const Clock& clock);
};

}  // namespace cachescope::notify
