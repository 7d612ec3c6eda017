// Any bytes as the index of a block: everything that can be asked of it ends, within its bounds.
#include "memory_env.h"
#include "server/storage/tsdb/block/index_reader.h"
#include "server/storage/tsdb/block/index_writer.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::tsdb;
using fuzz::Require;

void AskAll(const IndexReader& index) {
  for (std::size_t i = 0; i < index.symbol_count(); ++i) (void)index.symbol(static_cast<std::uint32_t>(i));
  (void)index.symbol(UINT32_MAX);
  for (const std::string_view name : index.LabelNames()) (void)index.LabelValues(name);
  static const std::vector<std::vector<Matcher>> kQuestions = {
      {},
      {Matcher::Equal("__name__", "a")},
      {Matcher::Equal("l", ""), Matcher::Equal("__name__", "b")},
      {*Matcher::New(MatchType::kRegex, "l", "v.*")},
      {*Matcher::New(MatchType::kNotRegex, "l", "v1|v2|")},
      {*Matcher::New(MatchType::kNotEqual, "absent", "x")}};
  for (const auto& matchers : kQuestions) {
    const auto refs = index.Find(matchers);
    if (!refs.ok()) continue;
    Labels labels;
    std::vector<ChunkMeta> chunks;
    for (std::size_t i = 0; i < std::min<std::size_t>(refs->size(), 100); ++i) {
      Require(i == 0 || (*refs)[i - 1] < (*refs)[i]);
      (void)index.ReadSeries((*refs)[i], &labels, &chunks);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::MemoryEnv env;
  env.file("b/index").assign(fuzz::Text(data, size));
  const auto index = IndexReader::Open(env, "b/index");
  if (!index.ok()) {
    Require(index.status().message().find("b/index") != std::string_view::npos);
    return 0;
  }
  (void)(*index)->Verify();
  AskAll(**index);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const int series : {0, 1, 12}) {
    fuzz::MemoryEnv env;
    auto writer = IndexWriter::Create(env, "i", {"", "__name__", "a", "b", "l", "v1", "v2", "v3"});
    Require(writer.ok());
    for (int i = 0; i < series; ++i) {
      const Labels labels{{"__name__", i < 6 ? "a" : "b"}, {"l", "v" + std::to_string(i % 6 / 2 + 1)}};
      if (i % 2 == 0) Require((*writer)->AddSeries(labels, {{1000, 2000, 8}, {2001, 9000, 1ull << 32 | 77}}).ok());
    }
    Require((*writer)->Finish().ok());
    out->push_back(env.file("i"));
  }
}
