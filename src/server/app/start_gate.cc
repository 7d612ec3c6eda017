#include "server/app/start_gate.h"

namespace cachescope::app {
namespace {

// The API's own form for those who parse it, a line for all others.
void Refuse(const http::Request& request, const std::string& text, http::ResponseWriter& response) {
  response.SetStatus(503);
  response.SetHeader("Retry-After", "1");
  std::string body = text + "\n";
  if (request.path.starts_with("/api/")) {
    response.SetHeader("Content-Type", "application/json");
    // The text has nothing in it that JSON would want escaped.
    body = R"({"status":"error","errorType":"unavailable","error":")" + text + "\"}";
  } else {
    response.SetHeader("Content-Type", "text/plain; charset=utf-8");
  }
  (void)response.Write(body);
}

}  // namespace

std::string StartGate::Text() const {
  const std::uint64_t total = total_.load(std::memory_order_relaxed);
  if (total == 0) return "opening the store";
  return "reading the log: " + std::to_string(done_.load(std::memory_order_relaxed)) + " of " + std::to_string(total) +
         " segments";
}

http::Server::Middleware StartGate::Middleware() {
  return [this](const http::Request& request, std::string_view route, http::ResponseWriter& response,
                const http::Handler& next) {
    if (is_open() || route == "/-/healthy") {
      next(request, response);
    } else {
      Refuse(request, Text(), response);
    }
  };
}

}  // namespace cachescope::app
