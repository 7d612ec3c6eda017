#include "base/env.h"

namespace cachescope {

Status Env::ReplaceFile(const std::string& path, std::string_view data) {
  const std::string fresh = path + ".tmp";
  {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, Create(fresh));
    CACHESCOPE_RETURN_IF_ERROR(file->Append(data));
    CACHESCOPE_RETURN_IF_ERROR(file->Sync());
  }
  CACHESCOPE_RETURN_IF_ERROR(Rename(fresh, path));
  return SyncDirectory(ParentPath(path));
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string out(directory);
  if (!out.empty() && out.back() != '/') out.push_back('/');
  return out.append(name);
}

std::string ParentPath(std::string_view path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

}  // namespace cachescope
