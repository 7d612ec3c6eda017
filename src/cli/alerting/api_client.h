// Talks to a running server for the verbs about alerts. Not thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace cachescope::cli {

class ApiClient {
 public:
  explicit ApiClient(std::string url);

  // The JSON behind `target` ("/api/v2/silences"); `body` null: none. Of an answer in Prometheus' envelope this is its
  // `data`. kUnavailable: nobody answers there; kInvalidArgument (4xx), kNotFound (404), kIoError (5xx) with the
  // server's own text.
  Result<nlohmann::json> Ask(const std::string& method, const std::string& target, const nlohmann::json& body = {});
  Result<nlohmann::json> Get(const std::string& target) { return Ask("GET", target); }

 private:
  std::string url_;
};

}  // namespace cachescope::cli
