// Any bytes as a tombstones file: what is read is in order and survives being written.
#include "memory_env.h"
#include "server/storage/tsdb/block/tombstones.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::tsdb;
using fuzz::Require;

bool Same(const Tombstones& a, const Tombstones& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [ref, ranges] : a) {
    const auto it = b.find(ref);
    if (it == b.end() || it->second.ranges() != ranges.ranges()) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::MemoryEnv env;
  env.file("b/tombstones").assign(fuzz::Text(data, size));
  const auto read = ReadTombstones(env, "b");
  if (!read.ok()) {
    Require(read.status().message().find("tombstones") != std::string_view::npos);
    return 0;
  }
  for (const auto& [ref, set] : *read) {
    const auto& ranges = set.ranges();
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      Require(ranges[i].mint <= ranges[i].maxt);
      Require(i == 0 || ranges[i - 1].maxt < ranges[i].mint);
    }
  }
  Require(WriteTombstones(env, "b", *read).ok());
  const auto again = ReadTombstones(env, "b");
  Require(again.ok() && Same(*read, *again));
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  Tombstones tombstones;
  fuzz::MemoryEnv env;
  for (int i = 0; i < 3; ++i) {
    Require(WriteTombstones(env, "b", tombstones).ok());
    out->push_back(env.file("b/tombstones"));
    tombstones[static_cast<storage::SeriesRef>(i * 16)].Add({i * 100, i * 200 + 5});
    tombstones[static_cast<storage::SeriesRef>(i * 16)].Add({-50, -40});
  }
}
