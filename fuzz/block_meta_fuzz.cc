// Any bytes as meta.json of a block: a block with a possible range or an error with the path; it survives being
// written.
#include "memory_env.h"
#include "server/storage/tsdb/block/block_meta.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::tsdb;
using fuzz::Require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1 << 16) return 0;
  fuzz::MemoryEnv env;
  env.file("b/meta.json").assign(fuzz::Text(data, size));
  const auto meta = ReadBlockMeta(env, "b");
  if (!meta.ok()) {
    Require(meta.status().message().find("meta.json") != std::string_view::npos);
    return 0;
  }
  Require(meta->mint <= meta->maxt);
  Require(WriteBlockMeta(env, "b", *meta).ok());
  const auto again = ReadBlockMeta(env, "b");
  Require(again.ok());
  Require(again->ulid == meta->ulid && again->mint == meta->mint && again->maxt == meta->maxt &&
          again->samples == meta->samples && again->series == meta->series && again->chunks == meta->chunks &&
          again->level == meta->level && again->deletable == meta->deletable && again->failed == meta->failed &&
          again->sources == meta->sources && again->parents.size() == meta->parents.size() &&
          again->hints == meta->hints);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  BlockMeta meta;
  meta.ulid = "01HZX3V5T0ABCDEFGHJKMNPQRS";
  meta.mint = 1'700'000'000'000;
  meta.maxt = meta.mint + 7'200'000;
  meta.samples = 100;
  meta.series = 3;
  meta.chunks = 4;
  fuzz::MemoryEnv env;
  Require(WriteBlockMeta(env, "b", meta).ok());
  out->push_back(env.file("b/meta.json"));
  meta.level = 2;
  meta.sources = {meta.ulid, "01HZX3V5T0ABCDEFGHJKMNPQRT"};
  meta.parents = {{meta.ulid, 1, 2}};
  meta.hints = {"from-out-of-order"};
  meta.failed = true;
  Require(WriteBlockMeta(env, "b", meta).ok());
  out->push_back(env.file("b/meta.json"));
}
