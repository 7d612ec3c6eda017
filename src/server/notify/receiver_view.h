// What the notifier shows of its receivers and routes, and what a drill found out. Plain data, copies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cachescope::notify {

// One channel of a receiver since the program started.
struct IntegrationView {
  std::string name;  // "slack"
  bool supported = true;
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;  // attempts
  std::string last_error;
  TimestampMs last_error_at = 0;  // wall clock; 0: never, like the next
  TimestampMs last_sent_at = 0;
};

struct ReceiverView {
  std::string name;
  std::vector<IntegrationView> integrations;  // in the order of the configuration
};

// What one channel said to a drill.
struct DrillResult {
  std::string integration;
  Status status;
  double seconds = 0;
};

// A route an alert would take.
struct RouteView {
  std::string path;  // `{}/{severity="page"}`
  std::string receiver;
  std::vector<std::string> group_by;  // "..." for all labels
  std::vector<std::string> matchers;
  bool continue_matching = false;
};

}  // namespace cachescope::notify
