#include "server/storage/tsdb/db/torn_end.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "server/storage/tsdb/block/block_list.h"

namespace cachescope::tsdb {
namespace {

constexpr std::string_view kMark = ".torn-at-";

bool IsTornEnd(const DirectoryEntry& entry) {
  return !entry.is_directory && entry.name.find(kMark) != std::string::npos;
}

// "00000012" of "wal-00000012.torn-at-4096": numbers have a fixed width, so they sort as text.
std::string_view SegmentOf(std::string_view name) {
  name = name.substr(0, name.find(kMark));
  return name.substr(name.rfind('-') + 1);
}

Status RemoveBeyond(Env& env, const std::string& quarantine, const std::string& newest, std::uint64_t limit) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::vector<DirectoryEntry> entries, env.List(quarantine));
  std::erase_if(entries, [](const DirectoryEntry& entry) { return !IsTornEnd(entry); });
  // The newest first.
  std::stable_sort(entries.begin(), entries.end(), [&](const DirectoryEntry& a, const DirectoryEntry& b) {
    if ((a.name == newest) != (b.name == newest)) return a.name == newest;
    return SegmentOf(a.name) > SegmentOf(b.name);
  });
  std::uint64_t bytes = 0;
  for (const DirectoryEntry& entry : entries) {
    bytes += entry.size;
    if (bytes > limit && entry.name != newest) CACHESCOPE_RETURN_IF_ERROR(env.Remove(JoinPath(quarantine, entry.name)));
  }
  return {};
}

}  // namespace

Status KeepTornEnd(Env& env, const std::string& directory, const std::string& log, const std::string& segment,
                   std::uint64_t offset, std::span<const std::uint8_t> bytes, std::uint64_t limit) {
  if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; })) return {};
  const std::string quarantine = JoinPath(directory, kQuarantine);
  CACHESCOPE_RETURN_IF_ERROR(env.MakeDirectories(quarantine));
  const std::string name = log + "-" + segment + std::string(kMark) + std::to_string(offset);
  const auto kept = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), limit)));
  const std::string_view text(reinterpret_cast<const char*>(kept.data()), kept.size());
  CACHESCOPE_RETURN_IF_ERROR(env.ReplaceFile(JoinPath(quarantine, name), text));
  if (const Status removed = RemoveBeyond(env, quarantine, name, limit); !removed.ok())
    LogWarn("cannot remove what was cut off the log long ago", {{"error", std::string(removed.message())}});
  return {};
}

}  // namespace cachescope::tsdb
