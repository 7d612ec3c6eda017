// Blocks written by a real Prometheus: read, verified, and written again byte for byte.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "server/storage/tsdb/block/block.h"
#include "server/storage/tsdb/block/format.h"
#include "server/storage/tsdb/block/index_writer.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

class BlockGoldenTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string golden = CACHESCOPE_SOURCE_DIR "/../shared/conformance/tsdb-golden/data";
    if (!std::filesystem::exists(golden)) GTEST_SKIP() << "the recorded data directory is not here: " << golden;
    for (const auto& entry : std::filesystem::directory_iterator(golden)) {
      if (IsUlid(entry.path().filename().string())) directories_.insert(entry.path().string());
    }
    ASSERT_EQ(directories_.size(), 2u);
    char name[] = "/tmp/cachescope-block-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    scratch_ = name;
  }
  void TearDown() override {
    if (!scratch_.empty()) std::filesystem::remove_all(scratch_);
  }
  std::string File(const std::string& path) { return *env_.ReadFile(path, 1 << 30); }

  Env& env_ = Env::Posix();
  std::set<std::string> directories_;
  std::string scratch_;
};

TEST_F(BlockGoldenTest, MetaTellsWhatIsInside) {
  for (const std::string& directory : directories_) {
    const auto block = Block::Open(env_, directory);
    ASSERT_TRUE(block.ok()) << block.status().ToString();
    const BlockMeta& meta = (*block)->meta();
    EXPECT_EQ(meta.ulid, std::filesystem::path(directory).filename().string());
    EXPECT_GT(meta.maxt, meta.mint);
    EXPECT_LE(meta.maxt - meta.mint, 7200000);
    EXPECT_EQ((*(*block)->index().Find({})).size(), meta.series);
    std::size_t chunk_count = 0;
    std::size_t sample_count = 0;
    std::vector<ChunkMeta> chunks;
    const RefList refs = *(*block)->index().Find({});
    for (const SeriesRef ref : refs) {
      Labels labels;
      ASSERT_TRUE((*block)->index().ReadSeries(ref, &labels, &chunks).ok());
      chunk_count += chunks.size();
      for (const ChunkMeta& chunk : chunks) sample_count += ChunkSampleCount(*(*block)->chunks().Read(chunk.ref));
    }
    EXPECT_EQ(chunk_count, meta.chunks);
    EXPECT_EQ(sample_count, meta.samples);
  }
}

TEST_F(BlockGoldenTest, WrittenAgainItIsTheSame) {
  for (const std::string& directory : directories_) {
    const auto opened = Block::Open(env_, directory);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    const Block& block = **opened;
    std::vector<std::string> symbols;
    for (std::uint32_t i = 0; i < block.index().symbol_count(); ++i) symbols.emplace_back(block.index().symbol(i));
    auto index = IndexWriter::Create(env_, scratch_ + "/index", symbols);
    auto files = ChunkFileWriter::Create(env_, scratch_ + "/chunks", kMaxChunkFileBytes);
    ASSERT_TRUE(index.ok() && files.ok());
    Labels labels;
    std::vector<ChunkMeta> chunks;
    const RefList refs = *block.index().Find({});
    for (const SeriesRef ref : refs) {
      ASSERT_TRUE(block.index().ReadSeries(ref, &labels, &chunks).ok());
      for (ChunkMeta& chunk : chunks) chunk.ref = *(*files)->Add(*block.chunks().Read(chunk.ref));
      ASSERT_TRUE((*index)->AddSeries(labels, chunks).ok());
    }
    ASSERT_TRUE((*index)->Finish().ok());
    ASSERT_TRUE((*files)->Finish().ok());
    EXPECT_TRUE(File(scratch_ + "/index") == File(directory + "/index"));
    EXPECT_TRUE(File(scratch_ + "/chunks/000001") == File(directory + "/chunks/000001"));
    ASSERT_TRUE(WriteTombstones(env_, scratch_, *block.tombstones()).ok());
    EXPECT_TRUE(File(scratch_ + "/tombstones") == File(directory + "/tombstones"));
  }
}

TEST_F(BlockGoldenTest, EveryFlippedByteOfTheIndexIsFoundOrHarmless) {
  const std::string& directory = *directories_.begin();
  std::filesystem::copy(directory, scratch_ + "/b", std::filesystem::copy_options::recursive);
  std::filesystem::permissions(scratch_ + "/b/index", std::filesystem::perms::owner_all);
  std::filesystem::permissions(scratch_ + "/b", std::filesystem::perms::owner_all);
  const std::string good = File(directory + "/index");
  std::size_t found = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    ASSERT_TRUE((*env_.Create(scratch_ + "/b/index"))->Append(bad).ok());
    const auto block = Block::Open(env_, scratch_ + "/b");
    if (!block.ok() || !(*block)->index().Verify().ok()) ++found;
  }
  // Padding, the unused label indices with their table, and the unused entries of the table of contents do not matter.
  EXPECT_GT(found, good.size() * 3 / 4);
}

}  // namespace
}  // namespace cachescope::tsdb
