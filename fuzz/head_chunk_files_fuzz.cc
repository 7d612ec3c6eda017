// Any bytes as a file of head chunks: every chunk lies inside, damage is named, and a writer gives the same chunks
// back.
#include "columns_check.h"
#include "memory_env.h"
#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/chunks/head_chunk_files.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::tsdb;
using fuzz::Require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  fuzz::MemoryEnv env;
  env.file("d/chunks_head/000001").assign(fuzz::Text(data, size));
  // MemoryEnv knows files only; a directory is there when it is asked for as one.
  env.file("d/chunks_head").clear();
  const auto reader = HeadChunkReader::Open(env, "d/chunks_head");
  Require(reader.ok());
  const auto writer = HeadChunkWriter::Create(env, "again");
  Require(writer.ok());
  HeadChunk chunk;
  std::vector<HeadChunk> chunks;
  std::size_t bytes = 0;
  while ((*reader)->Next(&chunk)) {
    bytes += chunk.chunk.bytes.size();
    storage::SampleColumns columns;
    (void)DecodeChunk(chunk.chunk, kMinTime, kMaxTime, &columns);
    fuzz::CheckColumns(columns, kMinTime, kMaxTime);
    Require((*writer)->Add(chunk).ok());
    chunks.push_back(chunk);
  }
  Require(bytes <= size && (*reader)->damage().size() <= 1);
  for (const HeadChunkDamage& damage : (*reader)->damage()) Require(damage.position <= size);
  Require((*writer)->Finish().ok());
  if (chunks.empty()) return 0;
  env.file("again").clear();
  const auto again = HeadChunkReader::Open(env, "again");
  Require(again.ok());
  for (const HeadChunk& expected : chunks) {
    Require((*again)->Next(&chunk) && chunk.series == expected.series && chunk.maxt == expected.maxt);
    Require(std::equal(chunk.chunk.bytes.begin(), chunk.chunk.bytes.end(), expected.chunk.bytes.begin(),
                       expected.chunk.bytes.end()));
  }
  Require(!(*again)->Next(&chunk) && (*again)->damage().empty());
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  fuzz::MemoryEnv env;
  const auto writer = HeadChunkWriter::Create(env, "h");
  Require(writer.ok());
  for (int i = 1; i < 5; ++i) {
    XorWriter xor_writer;
    for (int k = 0; k < 6 * i; ++k) xor_writer.Append(1000 * i + k, k * 0.5);
    HeadChunk chunk;
    chunk.series = static_cast<SeriesRef>(i);
    chunk.mint = 1000 * i;
    chunk.maxt = 1000 * i + 6 * i - 1;
    chunk.out_of_order = i == 3;
    chunk.chunk = {ChunkEncoding::kXor, xor_writer.bytes()};
    Require((*writer)->Add(chunk).ok());
  }
  Require((*writer)->Finish().ok());
  out->push_back(env.file("h/000001").substr(0, 600));
}
