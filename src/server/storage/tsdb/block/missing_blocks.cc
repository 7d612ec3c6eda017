#include "server/storage/tsdb/block/missing_blocks.h"

#include "base/rfc3339.h"
#include "server/storage/tsdb/block/block_list.h"
#include "server/storage/tsdb/block/block_meta.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kUlidLength = 26;
constexpr DurationMs kClockSlack = 3600 * 1000;

MissingBlock Describe(Env& env, std::string path, const std::string& name, bool quarantined) {
  MissingBlock out;
  const std::string subject =
      "block " + name + (quarantined ? " is damaged and in quarantine: " : " cannot be served: ");
  // "<ULID>.2" is the second one of that name.
  const std::string ulid = name.substr(0, kUlidLength);
  if (const auto meta = ReadBlockMeta(env, path); meta.ok()) {
    out.mint = meta->mint;
    out.maxt = meta->maxt - 1;
    out.warning =
        subject + "samples from " + FormatRfc3339(meta->mint) + " to " + FormatRfc3339(meta->maxt) + " may be missing";
  } else if (IsUlid(ulid)) {
    out.maxt = UlidTime(ulid) + kClockSlack;
    out.warning = subject + "samples from before " + FormatRfc3339(UlidTime(ulid)) +
                  " may be missing; of which times is not known";
  } else {
    out.warning = subject + "samples may be missing; of which times is not known";
  }
  out.path = std::move(path);
  return out;
}

}  // namespace

std::vector<MissingBlock> FindMissingBlocks(Env& env, const std::string& directory,
                                            const std::vector<AbsentBlock>& absent) {
  std::vector<MissingBlock> out;
  for (const AbsentBlock& block : absent) {
    if (!block.quarantined) out.push_back(Describe(env, JoinPath(directory, block.ulid), block.ulid, false));
  }
  const std::string quarantine = JoinPath(directory, kQuarantine);
  const auto entries = env.List(quarantine);
  if (!entries.ok()) return out;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.is_directory) out.push_back(Describe(env, JoinPath(quarantine, entry.name), entry.name, true));
  }
  return out;
}

std::vector<std::string> WarningsOfMissing(Env& env, const std::vector<MissingBlock>& missing, TimestampMs mint,
                                           TimestampMs maxt) {
  std::vector<std::string> out;
  std::size_t more = 0;
  for (const MissingBlock& block : missing) {
    if (block.mint > maxt || block.maxt < mint || !env.Exists(block.path)) continue;
    if (out.size() < kNamedMissing) {
      out.push_back(block.warning);
    } else {
      ++more;
    }
  }
  if (more > 0) out.push_back(std::to_string(more) + " more blocks are damaged or cannot be served");
  return out;
}

}  // namespace cachescope::tsdb
