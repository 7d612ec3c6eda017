// The parts of a block against naive models.
#include "server/storage/tsdb/block/block.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "server/storage/tsdb/block/format.h"
#include "server/storage/tsdb/block/index_writer.h"
#include "server/storage/tsdb/block/ulid.h"
#include "server/storage/tsdb/chunk_xor.h"

namespace cachescope::tsdb {
namespace {

using Samples = std::vector<std::pair<TimestampMs, double>>;

class BlockTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cachescope-block-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Series with XOR chunks of `per_chunk` samples.
  void Write(const std::map<Labels, Samples>& series, std::size_t per_chunk, std::uint64_t max_file_bytes) {
    std::set<std::string> symbols;
    for (const auto& [labels, samples] : series) {
      for (const LabelView& label : labels) symbols.insert({std::string(label.name), std::string(label.value)});
    }
    auto index = IndexWriter::Create(env_, directory_ + "/index", {symbols.begin(), symbols.end()});
    auto files = ChunkFileWriter::Create(env_, directory_ + "/chunks", max_file_bytes);
    ASSERT_TRUE(index.ok() && files.ok());
    for (const auto& [labels, samples] : series) {
      std::vector<ChunkMeta> chunks;
      for (std::size_t i = 0; i < samples.size(); i += per_chunk) {
        XorWriter writer;
        const std::size_t end = std::min(samples.size(), i + per_chunk);
        for (std::size_t k = i; k < end; ++k) ASSERT_TRUE(writer.Append(samples[k].first, samples[k].second));
        const auto ref = (*files)->Add({ChunkEncoding::kXor, writer.bytes()});
        ASSERT_TRUE(ref.ok());
        chunks.push_back({samples[i].first, samples[end - 1].first, *ref});
      }
      ASSERT_TRUE((*index)->AddSeries(labels, chunks).ok());
    }
    ASSERT_TRUE((*index)->Finish().ok());
    ASSERT_TRUE((*files)->Finish().ok());
    BlockMeta meta;
    meta.ulid = NewUlid(1);
    meta.mint = 0;
    meta.maxt = 1'000'000;
    ASSERT_TRUE(WriteBlockMeta(env_, directory_, meta).ok());
  }

  std::map<Labels, Samples> Query(Block& block, TimestampMs mint, TimestampMs maxt,
                                  const std::vector<Matcher>& matchers) {
    std::map<Labels, Samples> out;
    auto set = block.NewQuerier(mint, maxt)->Select(true, {}, matchers);
    EXPECT_TRUE(set.ok());
    for (const auto& series : set->series) {
      storage::SampleColumns columns;
      EXPECT_TRUE(series->Read(mint, maxt, &columns).ok());
      Samples& samples = out[series->labels()];
      for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
        samples.emplace_back(columns.timestamps[i], columns.values[i]);
      }
      if (samples.empty()) out.erase(series->labels());
    }
    return out;
  }

  Env& env_ = Env::Posix();
  std::string directory_;
};

Matcher Match(MatchType type, std::string name, std::string value) {
  return *Matcher::New(type, std::move(name), std::move(value));
}

TEST_F(BlockTest, AnswersAsANaiveModel) {
  std::mt19937 random(7);
  std::map<Labels, Samples> model;
  for (int i = 0; i < 300; ++i) {
    const Labels labels = {{"__name__", i % 3 == 0 ? "hits" : "misses"},
                           {"instance", "h" + std::to_string(i)},
                           {"zone", i % 5 == 0 ? "" : std::string(1, static_cast<char>('a' + i % 4))}};
    Samples samples;
    for (TimestampMs t = i; t < 900'000; t += 5000 + static_cast<TimestampMs>(random() % 5000)) {
      samples.emplace_back(t, static_cast<double>(random() % 1000) / 8);
    }
    model[labels] = samples;
  }
  Write(model, 17, 20'000);
  const auto opened = Block::Open(env_, directory_);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_TRUE((*opened)->Verify().empty());
  const std::vector<std::vector<Matcher>> selections = {
      {},
      {Match(MatchType::kEqual, "__name__", "hits")},
      {Match(MatchType::kEqual, "zone", "")},
      {Match(MatchType::kNotEqual, "zone", "")},
      {Match(MatchType::kNotEqual, "zone", "a"), Match(MatchType::kEqual, "__name__", "misses")},
      {Match(MatchType::kRegex, "instance", "h1.*"), Match(MatchType::kNotRegex, "zone", "a|b")},
      {Match(MatchType::kRegex, "instance", "h1|h22|h300|nothing")},
      {Match(MatchType::kRegex, "zone", "a|")},
      {Match(MatchType::kEqual, "no_such_label", ""), Match(MatchType::kRegex, "instance", ".+7")},
      {Match(MatchType::kEqual, "no_such_label", "x")},
  };
  for (const auto& matchers : selections) {
    for (int round = 0; round < 3; ++round) {
      const TimestampMs mint = round == 0 ? 0 : static_cast<TimestampMs>(random() % 900'000);
      const TimestampMs maxt = round == 0 ? 999'999 : mint + static_cast<TimestampMs>(random() % 100'000);
      std::map<Labels, Samples> expected;
      for (const auto& [labels, samples] : model) {
        if (!std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.MatchesLabels(labels); })) {
          continue;
        }
        for (const auto& sample : samples) {
          if (sample.first >= mint && sample.first <= maxt) expected[labels].push_back(sample);
        }
      }
      EXPECT_EQ(Query(**opened, mint, maxt, matchers), expected);
    }
  }
}

TEST_F(BlockTest, DeletedRangesAreGoneAndStayGone) {
  std::map<Labels, Samples> model;
  for (int s = 0; s < 3; ++s) {
    for (TimestampMs t = 0; t < 1000; t += 10) model[{{"s", std::to_string(s)}}].emplace_back(t, t);
  }
  Write(model, 10, kMaxChunkFileBytes);
  {
    const auto block = Block::Open(env_, directory_);
    ASSERT_TRUE(block.ok());
    const auto before = (*block)->NewQuerier(0, 2000);
    EXPECT_EQ(*(*block)->Delete(100, 299, {Match(MatchType::kRegex, "s", "0|1")}), 2u);
    EXPECT_EQ(*(*block)->Delete(250, 305, {Match(MatchType::kEqual, "s", "1")}), 1u);
    EXPECT_EQ(before->Select(false, {}, {})->series.size(), 3u);
  }
  const auto block = Block::Open(env_, directory_);
  ASSERT_TRUE(block.ok());
  EXPECT_EQ((*block)->meta().tombstones, 2u);
  for (auto& [labels, samples] : model) {
    const TimestampMs last = labels.Get("s") == "0" ? 299 : labels.Get("s") == "1" ? 305 : -1;
    std::erase_if(samples, [&](const auto& sample) { return sample.first >= 100 && sample.first <= last; });
  }
  EXPECT_EQ(Query(**block, 0, 2000, {}), model);
}

TEST_F(BlockTest, ADamagedChunkCostsOnlyItself) {
  std::map<Labels, Samples> model;
  for (TimestampMs t = 0; t < 1000; t += 10) model[{{"a", "b"}}].emplace_back(t, t);
  Write(model, 50, kMaxChunkFileBytes);
  std::string bytes = *env_.ReadFile(directory_ + "/chunks/000001", 1 << 20);
  bytes[12] = static_cast<char>(bytes[12] ^ 1);
  ASSERT_TRUE(env_.ReplaceFile(directory_ + "/chunks/000001", bytes).ok());
  const auto block = Block::Open(env_, directory_);
  ASSERT_TRUE(block.ok());
  auto set = (*block)->NewQuerier(0, 1000)->Select(false, {}, {});
  storage::SampleColumns columns;
  const Status status = set->series.front()->Read(0, 1000, &columns);
  EXPECT_EQ(status.code(), Code::kCorruption);
  EXPECT_NE(status.message().find("chunks/000001"), std::string_view::npos);
  ASSERT_EQ(columns.timestamps.size(), 50u);
  EXPECT_EQ(columns.timestamps.front(), 500);
  EXPECT_EQ((*block)->damage_count(), 1u);
  EXPECT_EQ((*block)->NewQuerier(0, 1000)->Select(false, {}, {})->warnings.size(), 1u);
  EXPECT_EQ((*block)->Verify().size(), 1u);
}

TEST(RangeSetTest, MergesAsASetOfMilliseconds) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    RangeSet set;
    std::set<TimestampMs> model;
    for (int i = 0; i < 12; ++i) {
      const TimestampMs mint = static_cast<TimestampMs>(random() % 60);
      const TimestampMs maxt = mint + static_cast<TimestampMs>(random() % 8);
      set.Add({mint, maxt});
      for (TimestampMs t = mint; t <= maxt; ++t) model.insert(t);
    }
    for (TimestampMs t = 0; t < 70; ++t) EXPECT_EQ(set.Covers(t, t), model.contains(t));
    for (std::size_t i = 1; i < set.ranges().size(); ++i) {
      EXPECT_GT(set.ranges()[i].mint, set.ranges()[i - 1].maxt + 1);
    }
  }
}

TEST(RangeSetTest, ErasesStartTimesWithTheirSamples) {
  storage::SampleColumns columns;
  columns.timestamps = {1, 2, 3, 4, 5};
  columns.values = {1, 2, 3, 4, 5};
  columns.starts = {7, 7, 8};  // of the last two nothing is known
  RangeSet set;
  set.Add({2, 2});
  set.Erase(0, 0, &columns);
  EXPECT_EQ(columns.timestamps, (std::vector<TimestampMs>{1, 3, 4, 5}));
  columns.starts.resize(4);
  EXPECT_EQ(columns.starts, (std::vector<TimestampMs>{7, 8, 0, 0}));
}

TEST(UlidTest, SortsByTime) {
  const std::string a = NewUlid(1'700'000'000'000);
  const std::string b = NewUlid(1'700'000'000'001);
  EXPECT_TRUE(IsUlid(a));
  EXPECT_LT(a, b);
  EXPECT_NE(NewUlid(5), NewUlid(5));
  EXPECT_EQ(UlidTime(b), 1'700'000'000'001);
  EXPECT_FALSE(IsUlid("01M7XASPR3VNVN9AH8RNYFSEN"));
  EXPECT_FALSE(IsUlid("01M7XASPR3VNVN9AH8RNYFSENu"));
}

}  // namespace
}  // namespace cachescope::tsdb
