// Runs a private io_context for a call that blocks. Internal to the module.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>

namespace cachescope::http {

// Until nothing is left to do, or the flag (may be null) is set: what has not ended goes with the context.
inline void RunUntil(boost::asio::io_context* context, const std::atomic<bool>* cancelled) {
  if (cancelled == nullptr) {
    context->run();
    return;
  }
  while (!context->stopped() && !cancelled->load()) context->run_for(std::chrono::milliseconds(50));
}

}  // namespace cachescope::http
