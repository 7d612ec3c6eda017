#include "server/app/catalog.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "server/app/embedded.h"

namespace cachescope::app {
namespace {

std::string_view ContentType(std::string_view path) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {{".html", "text/html; charset=utf-8"},
                                                                      {".js", "text/javascript; charset=utf-8"},
                                                                      {".css", "text/css; charset=utf-8"},
                                                                      {".svg", "image/svg+xml"},
                                                                      {".json", "application/json"},
                                                                      {".png", "image/png"},
                                                                      {".ico", "image/x-icon"},
                                                                      {".webmanifest", "application/manifest+json"}};
  for (const auto& [suffix, type] : kTypes) {
    if (path.ends_with(suffix)) return type;
  }
  return "application/octet-stream";
}

}  // namespace

const std::vector<CatalogFile>& CatalogFiles() {
  static const std::vector<CatalogFile> files = [] {
    std::vector<CatalogFile> out;
    for (const EmbeddedFile& file : EmbeddedCatalog()) {
      const auto slash = file.path.find('/');
      if (slash != std::string_view::npos)
        out.push_back({file.path.substr(0, slash), file.path.substr(slash + 1), file.bytes});
    }
    return out;
  }();
  return files;
}

const std::vector<api::Asset>& PageAssets() {
  // Asset paths are views: the texts live here.
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> out;
    for (const EmbeddedFile& file : EmbeddedPage()) out.push_back("/" + std::string(file.path));
    return out;
  }();
  static const std::vector<api::Asset> assets = [] {
    std::vector<api::Asset> out;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      std::string_view path = paths[i];
      const bool gzip = path.ends_with(".gz");
      if (gzip) path.remove_suffix(3);
      out.push_back({path, ContentType(path), EmbeddedPage()[i].bytes, gzip});
    }
    return out;
  }();
  return assets;
}

std::vector<api::Dashboard> ShippedDashboards() {
  std::vector<api::Dashboard> out;
  for (const CatalogFile& file : CatalogFiles()) {
    if (!file.name.starts_with("dashboard") || !file.name.ends_with(".json")) continue;
    const auto json = nlohmann::json::parse(file.text, nullptr, false);
    if (!json.is_object()) {
      LogError("a shipped dashboard is not JSON", {{"file", std::string(file.kind) + "/" + std::string(file.name)}});
      continue;
    }
    api::Dashboard dashboard;
    dashboard.uid = json.value("uid", std::string(file.kind));
    dashboard.title = json.value("title", dashboard.uid);
    dashboard.tags = json.value("tags", std::vector<std::string>());
    dashboard.json = file.text;
    out.push_back(std::move(dashboard));
  }
  return out;
}

}  // namespace cachescope::app
