#include "client/diagnostics.h"

#include <utility>

namespace cachescope::client {

void Diagnostics::Report(std::string message) {
  const std::lock_guard lock(mu_);
  if (messages_.size() == kMaxMessages) messages_.pop_front();
  messages_.push_back(std::move(message));
}

std::vector<std::string> Diagnostics::Messages() const {
  const std::lock_guard lock(mu_);
  return {messages_.begin(), messages_.end()};
}

}  // namespace cachescope::client
