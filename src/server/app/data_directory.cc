#include "server/app/data_directory.h"

#include <sys/stat.h>

#include <algorithm>

#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::app {
namespace {

bool HasBlocksOrLog(Env& env, const std::string& directory) {
  const auto entries = env.List(directory);
  return entries.ok() && std::any_of(entries->begin(), entries->end(), [](const DirectoryEntry& entry) {
           return entry.is_directory && (entry.name == "wal" || tsdb::IsUlid(entry.name));
         });
}

}  // namespace

std::string MetricsDirectory(Env& env, const std::string& path) {
  const std::string ours = JoinPath(path, "metrics");
  return !env.Exists(ours) && HasBlocksOrLog(env, path) ? path : ours;
}

bool OthersMayEnter(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && (info.st_mode & S_IRWXO) != 0;
}

bool HoldsMetrics(Env& env, const std::string& path) { return HasBlocksOrLog(env, MetricsDirectory(env, path)); }

}  // namespace cachescope::app
