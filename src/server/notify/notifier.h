// The notifier takes alerts and tells receivers: route tree, grouping, deduplication, retries.
//
// Its pipeline is a list of stages (notify/stages): each takes a group's alerts and returns those that go on.
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
#include "server/http/client.h"

namespace cachescope::notify {

// What a group of alerts looks like to an integration. `truncated` counts alerts left out at the integration's bound.
struct Notification {
  std::string receiver;
  std::string group_key;
  Labels group_labels;
  Labels common_labels;
  Labels common_annotations;
  std::string external_url;
  std::vector<Alert> alerts;
  std::size_t truncated = 0;
  bool firing = false;  // any alert fires
};

// One channel of a receiver: a webhook, the log. Adding one is a folder under receivers/ and one line in its
// registration table.
class Integration {
 public:
  virtual ~Integration() = default;
  virtual std::string_view name() const = 0;  // "webhook", "log"
  // Tells. Blocking, on a notifier thread, within `timeout`. kUnavailable and kDeadlineExceeded are retried, others are
  // not.
  virtual Status Notify(const Notification& notification, std::chrono::milliseconds timeout) = 0;
};

// `route:` and `receivers:` in the syntax of alertmanager.yml. Without them every alert goes to the log.
struct NotifierConfig;
// kInvalidArgument with file, line and column.
Result<std::shared_ptr<const NotifierConfig>> ParseNotifierConfig(const ConfigNode& node);
// One receiver "log" and a route to it.
std::shared_ptr<const NotifierConfig> DefaultNotifierConfig();

struct NotifierStats {
  std::string integration;
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;  // given up
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Takes effect for the next flush; groups in flight finish with the old one.
  virtual void Apply(std::shared_ptr<const NotifierConfig> config, std::string external_url) = 0;
  // Firing alerts and resolved ones (resolved_at != 0). Never blocks; beyond 10,000 waiting alerts new ones are dropped
  // and counted.
  virtual void Put(const std::vector<Alert>& alerts) = 0;
  virtual void Start() = 0;
  // Flushes nothing, waits for sends in flight at most `grace`.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
  // For tests on a simulated clock, without Start: does everything that is due now.
  virtual void RunDue() = 0;
  virtual std::vector<NotifierStats> Stats() const = 0;
  virtual std::uint64_t dropped() const = 0;

  static std::unique_ptr<Notifier> New(const Clock& clock);
};

}  // namespace cachescope::notify
