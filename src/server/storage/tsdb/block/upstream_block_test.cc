// Blocks of other programs in our set, and ours in the hands of Prometheus' tool.
#include <cstdio>
#include <fstream>
#include <set>

#include "server/storage/tsdb/block/block_fixture_test.h"
#include "server/storage/tsdb/block/compaction.h"
#include "server/storage/tsdb/block/format.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

namespace fs = std::filesystem;
const std::string kConformance = CACHESCOPE_SOURCE_DIR "/../shared/conformance";

// Recorded directories may be read-only; copies must not be.
void CopyWritable(const std::string& from, const std::string& to) {
  fs::copy(from, to, fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(to)) {
    fs::permissions(entry.path(), fs::perms::owner_all, fs::perm_options::add);
  }
  fs::permissions(to, fs::perms::owner_all, fs::perm_options::add);
}

class UpstreamBlockTest : public BlockFixture {};

TEST_F(UpstreamBlockTest, IndexVersion1IsReadAndCompactedToVersion2) {
  const std::string recorded = kConformance + "/prometheus/tsdb/index_format_v1";
  if (!fs::exists(recorded)) GTEST_SKIP() << "the recorded block is not here: " << recorded;
  fs::create_directories(directory_);
  CopyWritable(recorded, directory_ + "/01DXXFZDYD1MQW6079WK0K6EDQ");
  const auto set = OpenSet();
  ASSERT_EQ(set->blocks()->size(), 1u);
  const auto block = set->blocks()->front();
  EXPECT_TRUE(block->Verify().empty());
  const Snapshot samples = Take(*set);
  EXPECT_EQ(samples.size(), 102u);
  EXPECT_TRUE(samples.contains("{bar=\"42\"}"));
  EXPECT_TRUE(samples.contains("{foo=\"bar\"}"));
  const auto matching = [&](MatchType type, const char* value) {
    return block->index().Find({*Matcher::New(type, "bar", value)})->size();
  };
  EXPECT_EQ(matching(MatchType::kEqual, "42"), 1u);
  EXPECT_EQ(matching(MatchType::kRegex, "4.*"), 11u);
  EXPECT_EQ(matching(MatchType::kRegex, "1|22|333"), 2u);
  const std::vector<std::string_view> values = block->index().LabelValues("bar");
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
  ASSERT_TRUE(RunCompaction(*set, {block->meta().ulid}, {}).ok());
  const std::string index = *Env::Posix().ReadFile(set->blocks()->front()->directory() + "/index", 1 << 20);
  EXPECT_EQ(index[4], 2);
  EXPECT_EQ(Take(*set), samples);
}

TEST_F(UpstreamBlockTest, RecordedBlocksAreCompactedAndKeepTheirSamples) {
  const std::string recorded = kConformance + "/tsdb-golden/data";
  if (!fs::exists(recorded)) GTEST_SKIP() << "the recorded data directory is not here: " << recorded;
  fs::create_directories(directory_);
  std::vector<std::string> ulids;
  for (const auto& entry : fs::directory_iterator(recorded)) {
    const std::string name = entry.path().filename().string();
    if (!IsUlid(name)) continue;
    CopyWritable(entry.path().string(), directory_ + "/" + name);
    ulids.push_back(name);
  }
  const auto set = OpenSet();
  ASSERT_EQ(set->blocks()->size(), 2u);
  const Snapshot before = Take(*set);
  ASSERT_TRUE(RunCompaction(*set, ulids, {}).ok());
  EXPECT_EQ(set->blocks()->size(), 1u);
  EXPECT_EQ(Take(*set), before);
  EXPECT_TRUE(set->blocks()->front()->Verify().empty());
}

// Chunks as a real server cut them, integer and float histograms too. Series with deleted samples are left out, and the
// flags of a series' first histogram chunk: what came before it is not in the block.
TEST_F(UpstreamBlockTest, ARecordedBlockWrittenAnewHasTheSameChunks) {
  const std::string recorded = kConformance + "/tsdb-golden/data";
  if (!fs::exists(recorded)) GTEST_SKIP() << "the recorded data directory is not here: " << recorded;
  std::size_t compared = 0;
  for (const auto& entry : fs::directory_iterator(recorded)) {
    if (!IsUlid(entry.path().filename().string())) continue;
    const std::shared_ptr<Block> block = *Block::Open(Env::Posix(), entry.path().string());
    const auto source = SourceOfBlock(block);
    const auto meta = WriteBlock(Env::Posix(), directory_, **source, Range(block->meta().mint, block->meta().maxt));
    ASSERT_TRUE(meta.ok());
    const std::shared_ptr<Block> ours = *Block::Open(Env::Posix(), directory_ + "/" + (*meta)->ulid);
    const RefList refs = *block->index().Find({});
    const RefList our_refs = *ours->index().Find({});
    ASSERT_EQ(refs.size(), our_refs.size());
    for (std::size_t i = 0; i < refs.size(); ++i) {
      if (block->tombstones()->contains(refs[i])) continue;
      Labels labels, our_labels;
      std::vector<ChunkMeta> chunks, our_chunks;
      ASSERT_TRUE(block->index().ReadSeries(refs[i], &labels, &chunks).ok());
      ASSERT_TRUE(ours->index().ReadSeries(our_refs[i], &our_labels, &our_chunks).ok());
      EXPECT_EQ(labels, our_labels);
      ASSERT_EQ(chunks.size(), our_chunks.size()) << labels.ToString();
      for (std::size_t c = 0; c < chunks.size(); ++c, ++compared) {
        const ChunkView theirs = *block->chunks().Read(chunks[c].ref);
        std::vector<std::uint8_t> a(theirs.bytes.begin(), theirs.bytes.end());
        const ChunkView view = *ours->chunks().Read(our_chunks[c].ref);
        std::vector<std::uint8_t> b(view.bytes.begin(), view.bytes.end());
        if (c == 0 && view.encoding != ChunkEncoding::kXor) a[2] = b[2];
        EXPECT_EQ(theirs.encoding, view.encoding);
        EXPECT_EQ(chunks[c].mint, our_chunks[c].mint);
        EXPECT_EQ(chunks[c].maxt, our_chunks[c].maxt);
        EXPECT_TRUE(a == b) << "chunk " << c << " of " << labels.ToString();
      }
    }
  }
  EXPECT_GT(compared, 100u);
}

class PromtoolTest : public BlockFixture {
 protected:
  void SetUp() override {
    BlockFixture::SetUp();
    if (std::system("promtool --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  }
  // What it prints; fails the test when it fails.
  std::string Promtool(const std::string& arguments) {
    const std::string command = "promtool " + arguments + " 2>" + root_ + "/stderr";
    std::FILE* pipe = popen(command.c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::string out;
    char buffer[65536];
    for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
    EXPECT_EQ(pclose(pipe), 0) << command << ": " << *Env::Posix().ReadFile(root_ + "/stderr", 1 << 20);
    return out;
  }
};

TEST_F(PromtoolTest, ReadsOurXorBlocksAsWeDo) {
  std::filesystem::create_directories(directory_ + "/wal");  // dump asks for it
  std::mt19937 random(41);
  Model model = RandomModel(random, 40, 1'700'000'000'000, 1'700'000'000'000 + 4 * 3'600'000, false);
  Write(model, 1'700'000'000'000, 1'700'000'000'000 + 2 * 3'600'000);
  Write(model, 1'700'000'000'000 + 2 * 3'600'000, 1'700'000'000'000 + 4 * 3'600'000);
  const auto set = OpenSet();
  ASSERT_TRUE(RunCompaction(*set, {(*set->blocks())[0]->meta().ulid, (*set->blocks())[1]->meta().ulid}, {}).ok());
  // One block that is compacted, one as the head leaves it, and deleted samples.
  Write(model, 1'700'000'000'000 - 3'600'000, 1'700'000'000'000);
  for (auto& [labels, samples] : model) samples[1'700'000'000'000 - 1000] = {0.1, nullptr};
  Write(model, 1'700'000'000'000 - 3'600'000, 1'700'000'000'000);
  ASSERT_TRUE(set->Reload().ok());
  ASSERT_EQ(set->blocks()->size(), 2u);
  ASSERT_TRUE(set->DeleteSeries(1'700'000'000'000, 1'700'000'900'000, {Matcher::Equal("__name__", "bytes")}).ok());

  const std::string list = Promtool("tsdb list " + directory_);
  for (const auto& block : *set->blocks()) EXPECT_NE(list.find(block->meta().ulid), std::string::npos) << list;
  const std::string analysis = Promtool("tsdb analyze " + directory_);
  const std::string series = std::to_string(set->blocks()->back()->meta().series);
  EXPECT_NE(analysis.find("Series: " + series), std::string::npos) << analysis;

  std::map<std::string, std::map<TimestampMs, double>> dumped;
  std::istringstream lines(Promtool("tsdb dump " + directory_));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t close = line.rfind('}');
    ASSERT_NE(close, std::string::npos) << line;
    std::istringstream rest(line.substr(close + 1));
    std::string value;
    TimestampMs t = 0;
    rest >> value >> t;
    dumped[line.substr(0, close + 1)][t] = std::strtod(value.c_str(), nullptr);
  }
  std::size_t compared = 0;
  const auto querier = QuerierOf(*set);
  const auto selected = querier->Select(true, {}, {});
  ASSERT_EQ(dumped.size(), selected->series.size());
  for (const auto& ours : selected->series) {
    std::string name = "{";
    for (const LabelView& label : ours->labels()) {
      name += (name.size() > 1 ? ", " : "") + std::string(label.name) + "=\"" + std::string(label.value) + "\"";
    }
    ASSERT_TRUE(dumped.contains(name + "}")) << name;
    const auto& theirs = dumped[name + "}"];
    storage::SampleColumns columns;
    ASSERT_TRUE(ours->Read(INT64_MIN, INT64_MAX, &columns).ok());
    ASSERT_EQ(columns.timestamps.size(), theirs.size()) << name;
    for (std::size_t i = 0; i < columns.timestamps.size(); ++i, ++compared) {
      const auto found = theirs.find(columns.timestamps[i]);
      ASSERT_NE(found, theirs.end());
      const double v = columns.values[i];
      EXPECT_TRUE(std::isnan(v) ? std::isnan(found->second) : v == found->second) << v << " " << found->second;
    }
  }
  EXPECT_GT(compared, 1000u);
}

// Its dump leaves histograms out; that their chunks are right shows above, byte for byte.
TEST_F(PromtoolTest, OpensOurBlocksWithHistograms) {
  std::mt19937 random(42);
  const Model model = RandomModel(random, 30, 0, 7'200'000);
  const std::string ulid = Write(model, 0, 7'200'000);
  const std::string analysis = Promtool("tsdb analyze " + directory_ + " " + ulid);
  EXPECT_NE(analysis.find("Block ID: " + ulid), std::string::npos) << analysis;
  EXPECT_NE(analysis.find("Series: " + std::to_string(Take(model).size())), std::string::npos) << analysis;
}

}  // namespace
}  // namespace cachescope::tsdb
