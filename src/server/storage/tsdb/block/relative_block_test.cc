// Blocks with relative chunks: what goes in comes out to the last bit, whatever is read, deleted, rewritten or damaged.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/block/compaction.h"
#include "server/storage/tsdb/block/family_fixture_test.h"
#include "server/storage/tsdb/head.h"
#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb {
namespace {

using ::testing::HasSubstr;
constexpr TimestampMs kHour = 3'600'000;

// Of all chunks of a block.
struct ChunkCounts {
  std::size_t chunks = 0;
  std::size_t relative = 0;
  std::size_t relative_counts = 0;  // of `_count`
};

class RelativeBlockTest : public BlockFixture {
 protected:
  static BlockWriteOptions Packed(TimestampMs mint, TimestampMs maxt, bool relative = true) {
    BlockWriteOptions options = Range(mint, maxt);
    options.encoding = FloatEncoding::kPacked;
    options.samples_per_packed_chunk = 120;
    options.relative_chunks = relative;
    return options;
  }
  std::string WritePacked(const Model& model, const BlockWriteOptions& options) {
    ModelQuerier source(model);
    const auto meta = WriteBlock(Env::Posix(), directory_, source, options);
    EXPECT_TRUE(meta.ok()) << meta.status().ToString();
    return meta.ok() && meta->has_value() ? (*meta)->ulid : "";
  }
  std::shared_ptr<Block> Open(const std::string& ulid) const {
    auto block = Block::Open(Env::Posix(), directory_ + "/" + ulid);
    EXPECT_TRUE(block.ok()) << block.status().ToString();
    return block.ok() ? *block : nullptr;
  }
  static ChunkCounts Count(const Block& block) {
    ChunkCounts out;
    Labels labels;
    std::vector<ChunkMeta> chunks;
    const auto refs = block.index().Find({});
    for (const SeriesRef ref : *refs) {
      EXPECT_TRUE(block.index().ReadSeries(ref, &labels, &chunks).ok());
      for (const ChunkMeta& meta : chunks) {
        const auto chunk = block.chunks().Read(meta.ref);
        EXPECT_TRUE(chunk.ok());
        ++out.chunks;
        if (chunk->encoding != ChunkEncoding::kPacked) continue;
        const bool relative = PackedReferenceDistance(chunk->bytes)->has_value();
        out.relative += relative ? 1 : 0;
        out.relative_counts += relative && labels.metric_name().ends_with("_count") ? 1 : 0;
      }
    }
    return out;
  }
  // Each series by itself, of a block opened anew so that no reference is at hand, in all and in part.
  void ExpectSeriesAlone(const std::string& ulid, const Model& model, std::mt19937& random) {
    for (const auto& [labels, samples] : model) {
      std::vector<Matcher> matchers;
      for (const LabelView& label : labels) {
        matchers.push_back(Matcher::Equal(std::string(label.name), std::string(label.value)));
      }
      const TimestampMs mint = std::next(samples.begin(), static_cast<long>(random() % samples.size()))->first;
      for (const TimestampMs from : {samples.begin()->first, mint}) {
        const auto block = Open(ulid);
        const auto set = block->NewQuerier(kMinTime, kMaxTime)->Select(true, {}, matchers);
        ASSERT_TRUE(set.ok());
        Snapshot found;
        for (const auto& series : set->series) {
          if (series->labels() != labels) continue;
          storage::SampleColumns columns;
          ASSERT_TRUE(series->Read(from, mint + kHour / 3, &columns).ok());
          AddTo(&found, labels, columns);
        }
        EXPECT_EQ(found, Take(Model{{labels, samples}}, from, mint + kHour / 3)) << labels.ToString();
      }
    }
  }
};

TEST_F(RelativeBlockTest, TroubledFamiliesComeBackAloneAndTogether) {
  std::mt19937 random(1);
  std::size_t relative = 0;
  for (int round = 0; round < 12; ++round) {
    const Model model = RandomFamilies(random, 6, 0, 2 * kHour);
    BlockWriteOptions options = Packed(0, 2 * kHour);
    options.samples_per_packed_chunk = round % 2 == 0 ? 120 : 480;
    const std::string ulid = WritePacked(model, options);
    const auto block = Open(ulid);
    EXPECT_TRUE(block->Verify().empty());
    const ChunkCounts counts = Count(*block);
    relative += counts.relative;
    EXPECT_EQ(block->meta().relative, counts.relative > 0);
    EXPECT_EQ(block->meta().chunks, counts.chunks);
    EXPECT_EQ(Take(*block->NewQuerier(kMinTime, kMaxTime)), Take(model));
    if (round < 3) ExpectSeriesAlone(ulid, model, random);
  }
  EXPECT_GT(relative, 400u);
}

TEST_F(RelativeBlockTest, BlockCutFromAHeadAnswersAsTheHead) {
  std::mt19937 random(2);
  const Model model = RandomFamilies(random, 6, 0, 2 * kHour);
  HeadOptions head_options;
  head_options.max_future = 0;
  Head head(head_options);
  std::map<TimestampMs, std::vector<std::pair<const Labels*, double>>> scrapes;
  for (const auto& [labels, samples] : model) {
    for (const auto& [t, value] : samples) {
      if (value.h == nullptr) scrapes[t].emplace_back(&labels, value.v);
    }
  }
  for (const auto& [t, samples] : scrapes) {
    const auto appender = head.NewAppender();
    for (const auto& [labels, v] : samples) ASSERT_TRUE(appender->Append(0, *labels, t, v).ok());
    ASSERT_TRUE(appender->Commit().ok());
  }
  const auto querier = head.NewQuerier(kMinTime, kMaxTime);
  const auto meta = WriteBlock(Env::Posix(), directory_, *querier, Packed(0, 2 * kHour));
  ASSERT_TRUE(meta.ok() && meta->has_value());
  EXPECT_TRUE((*meta)->relative);
  const Snapshot expected = Take(*head.NewQuerier(kMinTime, kMaxTime));
  EXPECT_EQ(Take(*Open((*meta)->ulid)->NewQuerier(kMinTime, kMaxTime)), expected);
  const auto all = head.NewQuerier(kMinTime, kMaxTime)->Select(true, {}, {});
  for (const auto& series : all->series) {
    Snapshot alone;
    const auto set = Open((*meta)->ulid)->NewQuerier(kMinTime, kMaxTime)->Select(true, {}, {});
    for (const auto& found : set->series) {
      if (found->labels() != series->labels()) continue;
      storage::SampleColumns columns;
      ASSERT_TRUE(found->Read(kMinTime, kMaxTime, &columns).ok());
      AddTo(&alone, found->labels(), columns);
    }
    EXPECT_EQ(alone.at(series->labels().ToString()), expected.at(series->labels().ToString()));
  }
}

TEST_F(RelativeBlockTest, SoundFamiliesTakeHalfOfTheBytesAndCountsAlmostNone) {
  std::mt19937 random(3);
  Model model;
  for (int f = 0; f < 10; ++f) {
    AddFamily(random, {{"instance", "h" + std::to_string(f)}}, {}, 0, 6 * kHour, &model);
  }
  std::erase_if(model, [](const auto& one) { return one.first.metric_name().ends_with("_sum"); });
  BlockWriteOptions options = Packed(0, 6 * kHour);
  options.samples_per_packed_chunk = 480;
  const auto relative = Open(WritePacked(model, options));
  options.relative_chunks = false;
  const auto alone = Open(WritePacked(model, options));
  EXPECT_LT(relative->chunks().size_bytes() * 10, alone->chunks().size_bytes() * 7);
  EXPECT_EQ(Count(*alone).relative, 0u);
  // Every bucket but the greatest, and every count, in three chunks.
  EXPECT_EQ(Count(*relative).relative, 10u * 6 * 3);
  EXPECT_EQ(Count(*relative).relative_counts, 10u * 3);
  EXPECT_EQ(Take(*relative->NewQuerier(kMinTime, kMaxTime)), Take(model));
}

TEST_F(RelativeBlockTest, MetaNamesAnEncodingThatOlderProgramsRefuse) {
  std::mt19937 random(4);
  Model model;
  AddFamily(random, {{"instance", "h"}}, {}, 0, kHour, &model);
  const auto text = [&](const std::string& ulid) {
    return *Env::Posix().ReadFile(directory_ + "/" + ulid + "/meta.json", 1 << 20);
  };
  const std::string relative = WritePacked(model, Packed(0, kHour));
  EXPECT_THAT(text(relative), HasSubstr("\"encoding\": \"packed_relative\""));
  EXPECT_EQ(Open(relative)->meta().encoding, kPackedEncoding);
  const std::string alone = WritePacked(model, Packed(0, kHour, false));
  EXPECT_THAT(text(alone), HasSubstr("\"encoding\": \"packed\""));
  EXPECT_FALSE(Open(alone)->meta().relative);
  // Written again, it says the same.
  ASSERT_TRUE(Open(relative)->MarkFailed().ok());
  EXPECT_THAT(text(relative), HasSubstr("\"encoding\": \"packed_relative\""));
  EXPECT_EQ(OpenSet()->blocks()->size(), 2u);
}

TEST_F(RelativeBlockTest, XorBlocksKnowNothingOfIt) {
  std::mt19937 random(5);
  const Model model = RandomFamilies(random, 4, 0, 2 * kHour);
  BlockWriteOptions options = Range(0, 2 * kHour);
  const auto with = Open(WritePacked(model, options));
  options.relative_chunks = false;
  const auto without = Open(WritePacked(model, options));
  EXPECT_EQ(with->meta().encoding, "");
  for (const char* file : {"/index", "/chunks/000001"}) {
    EXPECT_EQ(*Env::Posix().ReadFile(with->directory() + file, 1 << 30),
              *Env::Posix().ReadFile(without->directory() + file, 1 << 30));
  }
}

TEST_F(RelativeBlockTest, FilesThatEndAmidAFamilyLoseNothing) {
  std::mt19937 random(6);
  const Model model = RandomFamilies(random, 6, 0, 2 * kHour);
  std::size_t relative = SIZE_MAX;
  for (const std::uint64_t bytes : {100'000, 5'000, 1'000, 300}) {
    BlockWriteOptions options = Packed(0, 2 * kHour);
    options.max_chunk_file_bytes = bytes;
    const auto block = Open(WritePacked(model, options));
    EXPECT_TRUE(block->Verify().empty());
    EXPECT_EQ(Take(*block->NewQuerier(kMinTime, kMaxTime)), Take(model)) << bytes;
    EXPECT_LE(Count(*block).relative, relative);
    relative = Count(*block).relative;
  }
}

TEST_F(RelativeBlockTest, DeletedReferenceStaysReadableUntilARewriteDoesWithoutIt) {
  std::mt19937 random(7);
  Model model;
  for (int f = 0; f < 3; ++f) AddFamily(random, {{"instance", "h" + std::to_string(f)}}, {}, 0, 2 * kHour, &model);
  const std::string ulid = WritePacked(model, Packed(0, 2 * kHour));
  const auto set = OpenSet();
  // Of one family in part, of another one altogether.
  const auto infinity = Matcher::Equal("le", "+Inf");
  ASSERT_EQ(*set->DeleteSeries(0, kHour / 2, {infinity, Matcher::Equal("instance", "h0")}), 1u);
  ASSERT_EQ(*set->DeleteSeries(0, 2 * kHour, {infinity, Matcher::Equal("instance", "h1")}), 1u);
  for (auto& [labels, samples] : model) {
    if (labels.Get("le") != "+Inf") continue;
    const TimestampMs end = labels.Get("instance") == "h0" ? kHour / 2 : labels.Get("instance") == "h1" ? kMaxTime : -1;
    std::erase_if(samples, [end](const auto& one) { return one.first <= end; });
  }
  std::erase_if(model, [](const auto& one) { return one.second.empty(); });
  EXPECT_EQ(Take(*set), Take(model));
  EXPECT_TRUE(set->blocks()->front()->Verify().empty());
  ASSERT_EQ(*CleanTombstones(*set, Packed(0, 0)), 1u);
  EXPECT_EQ(Take(*set), Take(model));
  const auto rewritten = set->blocks()->front();
  EXPECT_NE(rewritten->meta().ulid, ulid);
  EXPECT_TRUE(rewritten->Verify().empty());
  // h1 has nothing to be relative to, h0 only where its +Inf bucket is left, h2 as before: 4 chunks of 6 series.
  const std::size_t left = Count(*rewritten).relative;
  EXPECT_GE(left, 6u * 4 + 6u * 2);
  EXPECT_LT(left, 6u * 4 * 2);
}

TEST_F(RelativeBlockTest, CompactionMakesOneBlockOfNeighboursAndOfOverlaps) {
  std::mt19937 random(8);
  for (const bool overlap : {false, true}) {
    std::filesystem::remove_all(directory_);
    Model model = RandomFamilies(random, 4, 0, 4 * kHour);
    const TimestampMs second = overlap ? kHour : 2 * kHour;
    WritePacked(model, Packed(0, 2 * kHour));
    WritePacked(model, Packed(second, 4 * kHour));
    const auto set = OpenSet();
    std::vector<std::string> ulids;
    for (const auto& block : *set->blocks()) ulids.push_back(block->meta().ulid);
    const auto child = RunCompaction(*set, ulids, Packed(0, 0));
    ASSERT_TRUE(child.ok()) << child.status().ToString();
    EXPECT_EQ(Take(*set), Take(model));
    const auto block = set->blocks()->front();
    EXPECT_EQ(set->blocks()->size(), 1u);
    EXPECT_TRUE(block->Verify().empty());
    EXPECT_GT(Count(*block).relative, 0u);
  }
}

TEST_F(RelativeBlockTest, DamagedReferenceTakesItsDependantsAlongAndNothingElse) {
  std::mt19937 random(9);
  Model model;
  for (int f = 0; f < 2; ++f) AddFamily(random, {{"instance", "h" + std::to_string(f)}}, {}, 0, 2 * kHour, &model);
  const std::string ulid = WritePacked(model, Packed(0, 2 * kHour));
  // The first chunk of the first family's greatest bucket is the first of the file.
  const std::string path = directory_ + "/" + ulid + "/chunks/000001";
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out).seekp(20).put('\x7f').put('\x7f');
  const auto set = OpenSet();
  const auto block = set->blocks()->front();
  std::size_t broken = 0;
  const auto selected = block->NewQuerier(kMinTime, kMaxTime)->Select(true, {}, {});
  for (const auto& series : selected->series) {
    storage::SampleColumns columns;
    const Status status = series->Read(kMinTime, kMaxTime, &columns);
    Snapshot found;
    AddTo(&found, series->labels(), columns);
    const Labels& labels = series->labels();
    const bool hit = labels.Get("instance") == "h0" && !labels.metric_name().ends_with("_sum");
    const auto expected = Take(Model{{labels, model.at(labels)}}, hit ? columns.timestamps.front() : kMinTime);
    EXPECT_EQ(found, expected) << labels.ToString();
    EXPECT_EQ(columns.timestamps.size(), hit ? 360u : 480u) << labels.ToString();
    EXPECT_EQ(status.code(), hit ? Code::kCorruption : Code::kOk);
    if (hit && labels.Get("le") != "+Inf") {
      EXPECT_THAT(std::string(status.message()), HasSubstr("the one at 8, which"));
    }
    broken += hit ? 1 : 0;
  }
  EXPECT_EQ(broken, 7u);
  EXPECT_EQ(block->Verify().size(), 7u);
  EXPECT_EQ(RunCompaction(*set, {ulid}, Packed(0, 0)).status().code(), Code::kCorruption) << "a repair may do better";
}

}  // namespace
}  // namespace cachescope::tsdb
