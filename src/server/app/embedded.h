// Files that the build puts into the program. Internal to the module.
#pragma once

#include <string_view>
#include <vector>

namespace cachescope::app {

struct EmbeddedFile {
  std::string_view path;  // relative: "redis/rules.yml", "assets/app-1234.js.gz"
  std::string_view bytes;
};

// In static storage.
const std::vector<EmbeddedFile>& EmbeddedCatalog();
const std::vector<EmbeddedFile>& EmbeddedPage();

}  // namespace cachescope::app
