#include "cli/alerting/api_client.h"

#include "server/http/client.h"
#include "server/http/url.h"

namespace cachescope::cli {
namespace {

// A receiver's drill may take as long as its slowest channel.
constexpr std::chrono::milliseconds kTimeout{60'000};

Status ErrorOf(const http::Response& response) {
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  std::string text;
  if (json.is_object() && json.contains("error") && json["error"].is_string()) text = json["error"];
  if (json.is_object() && json.contains("message") && json["message"].is_string()) text = json["message"];
  if (json.is_string()) text = json;
  if (text.empty()) text = "the server answered " + std::to_string(response.status);
  if (response.status == 404) return NotFound(text);
  return response.status < 500 ? InvalidArgument(text) : IoError(text);
}

}  // namespace

ApiClient::ApiClient(std::string url) : url_(std::move(url)) {
  while (!url_.empty() && url_.back() == '/') url_.pop_back();
}

Result<nlohmann::json> ApiClient::Ask(const std::string& method, const std::string& target,
                                      const nlohmann::json& body) {
  http::ClientRequest request;
  request.method = method;
  request.url = url_ + target;
  request.timeout = kTimeout;
  request.headers = {{"Accept", "application/json"}};
  if (!body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  const Result<http::Response> response = http::FetchBlocking(std::move(request));
  if (!response.ok()) {
    return Unavailable("no server answers at " + http::RedactedUrl(std::string_view(url_)) +
                       ". Start one with `cachescope up` or name another with --url");
  }
  if (response->status / 100 != 2) return ErrorOf(*response);
  if (response->body.empty()) return nlohmann::json();
  auto json = nlohmann::json::parse(response->body, nullptr, false);
  if (json.is_discarded()) return Corruption("cannot read the answer of " + target + ": it is no JSON");
  if (json.is_object() && json.contains("status") && json.contains("data")) return std::move(json["data"]);
  return json;
}

}  // namespace cachescope::cli
