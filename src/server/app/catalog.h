// The files of catalog/ that the program carries: dashboards, rules and advice per kind of cache; and the page.
#pragma once

#include <string_view>
#include <vector>

#include "server/api/api.h"

namespace cachescope::app {

struct CatalogFile {
  std::string_view kind;  // "redis"
  std::string_view name;  // "dashboard.json", "rules.yml", "advice.md"
  std::string_view text;
};

// In static storage; the same on every call.
const std::vector<CatalogFile>& CatalogFiles();
// The page's files with their types; `.gz` siblings are marked as compressed.
const std::vector<api::Asset>& PageAssets();
// Dashboards read from the catalogue files; uid, title and tags come from their JSON.
std::vector<api::Dashboard> ShippedDashboards();

}  // namespace cachescope::app
