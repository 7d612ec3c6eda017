// Any bytes as the segment of chunks of a block: reading at every position is an answer or a named error.
#include "columns_check.h"
#include "memory_env.h"
#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/block/chunk_files.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::tsdb;
using fuzz::Require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  fuzz::MemoryEnv env;
  env.file("b/chunks/000001").assign(fuzz::Text(data, size));
  const auto reader = ChunkFileReader::Open(env, "b/chunks");
  if (!reader.ok()) {
    Require(reader.status().message().find("b/chunks") != std::string_view::npos);
    return 0;
  }
  for (std::uint64_t at = 0; at <= size; ++at) {
    const auto chunk = (*reader)->Read(at);
    if (!chunk.ok()) continue;
    Require(chunk->bytes.size() <= size);
    storage::SampleColumns columns;
    (void)DecodeChunk(*chunk, kMinTime, kMaxTime, &columns);
    fuzz::CheckColumns(columns, kMinTime, kMaxTime);
  }
  Require(!(*reader)->Read(std::uint64_t{1} << 32).ok());
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  fuzz::MemoryEnv env;
  auto writer = ChunkFileWriter::Create(env, "c", 1 << 20);
  Require(writer.ok());
  for (int chunk = 1; chunk < 4; ++chunk) {
    XorWriter xor_writer;
    for (int i = 0; i < 5 * chunk; ++i) xor_writer.Append(1000 * i, i * 0.5);
    Require((*writer)->Add({ChunkEncoding::kXor, xor_writer.bytes()}).ok());
  }
  Require((*writer)->Finish().ok());
  out->push_back(env.file("c/000001"));
}
