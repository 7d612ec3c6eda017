#include "server/notify/template_files.h"

#include <glob.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace cachescope::notify {
namespace {

std::vector<std::string> Matching(const std::string& pattern) {
  std::vector<std::string> out;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return out;
}

Result<std::string> ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return IoError("cannot read template file " + path + ": " + std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Result<std::shared_ptr<const templating::TemplateSet>> LoadTemplates(const std::vector<std::string>& globs) {
  auto set = std::make_shared<templating::TemplateSet>(templating::TemplateSet::Defaults());
  for (const std::string& pattern : globs) {
    for (const std::string& path : Matching(pattern)) {
      CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
      CACHESCOPE_RETURN_IF_ERROR(set->Add(path.substr(path.rfind('/') + 1), text).WithPrefix(path));
    }
  }
  return std::shared_ptr<const templating::TemplateSet>(std::move(set));
}

}  // namespace cachescope::notify
