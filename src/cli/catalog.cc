// cachescope catalog: the metric families that typed instruments and kits of the client library know.
#include <iostream>

#include "cachescope/catalogue/catalogue.h"
#include "cli/arguments.h"

namespace cachescope::cli {

int RunCatalog(const Arguments& arguments) {
  const catalogue::Group* group = nullptr;
  if (!arguments.catalog_group.empty()) {
    group = Catalogue::FindGroup(arguments.catalog_group);
    if (group == nullptr) {
      std::cerr << "cannot print group \"" << arguments.catalog_group << "\": there is none; groups are";
      for (const catalogue::Group& known : Catalogue::Groups()) std::cerr << " " << known.name;
      std::cerr << "\n";
      return kUsage;
    }
  }
  if (arguments.json) {
    std::cout << Catalogue::Json(group);
  } else if (arguments.markdown) {
    std::cout << Catalogue::Markdown(group);
  } else {
    std::cout << Catalogue::Text(group);
  }
  std::cout.flush();
  return std::cout ? kOk : kFailed;
}

}  // namespace cachescope::cli
