// The built-in page, its assets, and the endpoints only it uses: dashboards and advice.
#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

// The page loads nothing from elsewhere and runs no inline script or style.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool Accepts(const http::Request& request, std::string_view coding) {
  return request.Header("Accept-Encoding").find(coding) != std::string_view::npos;
}

const Asset* FindAsset(const ApiContext& api, std::string_view path, bool gzip) {
  const Asset* plain = nullptr;
  for (const Asset& asset : api.assets) {
    if (asset.path != path) continue;
    if (asset.gzip == gzip) return &asset;
    if (!asset.gzip) plain = &asset;
  }
  return plain;
}

void ServeAsset(const ApiContext& api, const http::Request& request, std::string_view path,
                http::ResponseWriter& response) {
  const Asset* asset = FindAsset(api, path, Accepts(request, "gzip"));
  if (asset == nullptr) {
    response.SetStatus(404);
    response.SetHeader("Content-Type", "text/plain; charset=utf-8");
    static_cast<void>(response.Write("not found\n"));
    return;
  }
  response.SetHeader("Content-Type", asset->content_type);
  response.SetHeader("Vary", "Accept-Encoding");
  if (asset->gzip) response.SetHeader("Content-Encoding", "gzip");
  const bool hashed = path.starts_with("/assets/");
  response.SetHeader("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
  if (path == "/index.html") {
    response.SetHeader("Content-Security-Policy", kContentSecurityPolicy);
    response.SetHeader("Referrer-Policy", "same-origin");
    response.SetHeader("X-Frame-Options", "DENY");
  }
  static_cast<void>(response.Write(asset->bytes));
}

void ListDashboards(const ApiContext& api, http::ResponseWriter& response) {
  response.SetHeader("Content-Type", "application/json");
  JsonWriter json(&response);
  json.BeginArray();
  for (const Dashboard& dashboard : api.dashboards) {
    json.BeginObject().Key("uid").String(dashboard.uid).Key("title").String(dashboard.title).Key("tags").BeginArray();
    for (const std::string& tag : dashboard.tags) json.String(tag);
    json.EndArray().EndObject();
  }
  json.EndArray().Flush();
}

void OneDashboard(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  for (const Dashboard& dashboard : api.dashboards) {
    if (dashboard.uid != request.PathParam("uid")) continue;
    response.SetHeader("Content-Type", "application/json");
    static_cast<void>(response.Write(dashboard.json));
    return;
  }
  WriteError(response, "not_found", "no dashboard \"" + std::string(request.PathParam("uid")) + "\"");
}

void OneAdvice(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  for (const auto& [kind, markdown] : api.advice) {
    if (kind != request.PathParam("kind")) continue;
    response.SetHeader("Content-Type", "text/markdown; charset=utf-8");
    static_cast<void>(response.Write(markdown));
    return;
  }
  WriteError(response, "not_found", "no advice for \"" + std::string(request.PathParam("kind")) + "\"");
}

}  // namespace

void RegisterPage(http::Server& server, std::shared_ptr<const ApiContext> api) {
  server.Handle("GET", "/api/dashboards", [api](const auto&, auto& r) { ListDashboards(*api, r); });
  server.Handle("GET", "/api/dashboards/:uid", [api](const auto& q, auto& r) { OneDashboard(*api, q, r); });
  server.Handle("GET", "/api/advice/:kind", [api](const auto& q, auto& r) { OneAdvice(*api, q, r); });
  server.Handle("GET", "/api/*rest",
                [](const auto& q, auto& r) { WriteError(r, "not_found", "no endpoint " + q.path); });
  server.Handle("GET", "/assets/*rest", [api](const auto& q, auto& r) { ServeAsset(*api, q, q.path, r); });
  // Every other path is a view of the page: the page reads the path itself.
  const auto index = [api](const http::Request& q, http::ResponseWriter& r) {
    ServeAsset(*api, q, FindAsset(*api, q.path, false) != nullptr ? q.path : "/index.html", r);
  };
  server.Handle("GET", "/", index);
  server.Handle("GET", "/*rest", index);
}

}  // namespace cachescope::api
