// Pages of other origins may read the API; what changes alerts, silences and thresholds is for our own page and for
// programs.
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/http/url.h"

namespace cachescope::api {
namespace {

bool Changes(const http::Request& request, std::string_view route) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") return false;
  return route.starts_with("/api/v2/") || route.starts_with("/api/v1/alerting/") ||
         route.starts_with("/api/v1/admin/") || route.starts_with("/-/");
}

// Browsers say where a page comes from with every request that is no plain read; programs do not.
bool IsForeign(const http::Request& request) {
  const std::string_view origin = request.Header("Origin");
  if (origin.empty()) return false;
  const auto url = http::ParseUrl(origin);
  return !url.ok() || http::Authority(*url) != request.Header("Host");
}

}  // namespace

http::Server::Middleware OwnOriginOnly() {
  return [](const http::Request& request, std::string_view route, http::ResponseWriter& response,
            const http::Handler& next) {
    if (!Changes(request, route) || !IsForeign(request)) return next(request, response);
    response.SetStatus(403);
    response.SetHeader("Content-Type", "text/plain; charset=utf-8");
    static_cast<void>(response.Write("a page of another origin may not change anything here\n"));
  };
}

}  // namespace cachescope::api
