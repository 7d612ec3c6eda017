// Sends alerts on to Alertmanagers, as Prometheus does: API v2, in batches, a queue and a thread for each of them.
//
// What cannot be delivered is counted and dropped: rules send an alert again every minute while it fires, and for
// fifteen minutes after its end. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/alert.h"
#include "server/notify/forward/forward_config.h"

namespace cachescope::notify {

struct ForwardStats {
  std::string url;  // without credentials
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;   // alerts in requests that failed
  std::uint64_t dropped = 0;  // the queue was full; the oldest go first
  std::uint64_t waiting = 0;
  std::string last_error;
};

class Forwarder {
 public:
  static constexpr std::size_t kMaxWaiting = 10'000;  // alerts per target
  static constexpr std::size_t kBatch = 256;

  Forwarder();
  ~Forwarder();  // stops; what waits is given up
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // Targets that stay keep their queue and counters.
  void Apply(const std::vector<ForwardTarget>& targets);
  // Never blocks.
  void Put(const std::vector<Alert>& alerts);
  std::vector<ForwardStats> Stats() const;
  void Stop();

 private:
  class Peer;
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

// The body of POST /api/v2/alerts.
std::string ForwardBody(const std::vector<Alert>& alerts);

}  // namespace cachescope::notify
