// Cross-origin reading of the API: which pages of other origins may read answers.
#include "server/api/api.h"

namespace cachescope::api {

Result<http::Server::Middleware> Cors(const std::string& origin_pattern) {
  auto allowed = Matcher::New(MatchType::kRegex, "origin", origin_pattern);
  if (!allowed.ok()) {
    return InvalidArgument("cannot use CORS origin \"" + origin_pattern +
                           "\": " + std::string(allowed.status().message()));
  }
  return http::Server::Middleware([matcher = std::move(*allowed)](const http::Request& request, std::string_view route,
                                                                  http::ResponseWriter& response,
                                                                  const http::Handler& next) {
    const std::string_view origin = request.Header("Origin");
    if (route.starts_with("/api/")) response.SetHeader("Vary", "Origin");
    if (!origin.empty() && route.starts_with("/api/")) {
      response.SetHeader("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin");
      response.SetHeader("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
      response.SetHeader("Access-Control-Expose-Headers", "Date");
      if (matcher.Matches(origin)) response.SetHeader("Access-Control-Allow-Origin", origin);
    }
    next(request, response);
  });
}

}  // namespace cachescope::api
