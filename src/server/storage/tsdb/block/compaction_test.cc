// Compaction: plans as Prometheus makes them, and nothing lost whatever happens on the way.
#include "server/storage/tsdb/block/compaction.h"

#include <fstream>
#include <set>

#include "base/fault_env.h"
#include "server/storage/tsdb/block/block_fixture_test.h"

namespace cachescope::tsdb {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

BlockMeta Meta(const std::string& name, TimestampMs mint, TimestampMs maxt) {
  BlockMeta meta;
  meta.ulid = name;
  meta.mint = mint;
  meta.maxt = maxt;
  meta.series = 100;
  return meta;
}

TEST(CompactionRangesTest, TripleUpToTheLargest) {
  constexpr DurationMs kHour = 3'600'000;
  EXPECT_EQ(CompactionRanges(2 * kHour, 54 * kHour),
            (std::vector<DurationMs>{2 * kHour, 6 * kHour, 18 * kHour, 54 * kHour}));
  EXPECT_EQ(CompactionRanges(2 * kHour, kHour), (std::vector<DurationMs>{2 * kHour}));
  EXPECT_EQ(MaxBlockRange(2 * kHour, 15 * 24 * kHour), 36 * kHour);
  EXPECT_EQ(MaxBlockRange(2 * kHour, 0), 31 * 24 * kHour);
  EXPECT_EQ(MaxBlockRange(2 * kHour, 5 * 365 * 24 * kHour), 31 * 24 * kHour);
  EXPECT_EQ(MaxBlockRange(2 * kHour, kHour), 2 * kHour);
}

class PlanTest : public testing::Test {
 protected:
  const std::vector<DurationMs> ranges_ = {20, 60, 180, 540, 1620};
};

TEST_F(PlanTest, ARangeIsCompactedOnceItIsFullOrPast) {
  const BlockMeta a = Meta("a", 0, 20), b = Meta("b", 20, 40), c = Meta("c", 40, 60), d = Meta("d", 60, 80);
  EXPECT_EQ(PlanCompaction({}, ranges_), Names());
  EXPECT_EQ(PlanCompaction({a}, ranges_), Names());
  EXPECT_EQ(PlanCompaction({a, b}, ranges_), Names());
  EXPECT_EQ(PlanCompaction({a, b, c}, ranges_), Names());  // the newest is left alone
  EXPECT_EQ(PlanCompaction({d, c, b, a}, ranges_), (Names{"a", "b", "c"}));
  // A hole in a past range does not hold it up; in the present one it does.
  EXPECT_EQ(PlanCompaction({a, c, d}, ranges_), (Names{"a", "c"}));
  EXPECT_EQ(PlanCompaction({a, b, d}, ranges_), Names());
  EXPECT_EQ(PlanCompaction({a, b, d, Meta("e", 80, 100)}, ranges_), (Names{"a", "b"}));
  // One block alone in its range is no group; the next level finds them once its range is past.
  EXPECT_EQ(PlanCompaction({a, d, Meta("e", 180, 200), Meta("f", 200, 220)}, ranges_), (Names{"a", "d"}));
  EXPECT_EQ(PlanCompaction({a, d, Meta("e", 120, 140), Meta("f", 140, 160)}, ranges_), Names());
}

TEST_F(PlanTest, LevelsBuildUpAndBlocksOfAnyLengthJoin) {
  EXPECT_EQ(PlanCompaction({Meta("a", 0, 60), Meta("b", 60, 120), Meta("c", 120, 180), Meta("d", 180, 200)}, ranges_),
            (Names{"a", "b", "c"}));
  EXPECT_EQ(
      PlanCompaction(
          {Meta("a", 0, 60), Meta("b", 60, 80), Meta("c", 80, 100), Meta("d", 180, 200), Meta("e", 200, 220)}, ranges_),
      (Names{"b", "c"}));
  // Crosses 180: it fits only into a range of 540.
  EXPECT_EQ(
      PlanCompaction({Meta("a", 150, 190), Meta("b", 190, 200), Meta("c", 220, 240), Meta("d", 240, 260)}, ranges_),
      Names());
  EXPECT_EQ(
      PlanCompaction({Meta("a", 150, 190), Meta("b", 190, 200), Meta("c", 540, 560), Meta("d", 600, 620)}, ranges_),
      (Names{"a", "b"}));
  // Before the epoch.
  EXPECT_EQ(PlanCompaction({Meta("a", -60, -40), Meta("b", -40, -20), Meta("c", -20, 0), Meta("d", 0, 20)}, ranges_),
            (Names{"a", "b", "c"}));
}

TEST_F(PlanTest, OverlappingBlocksComeFirst) {
  const BlockMeta a = Meta("a", 0, 20), b = Meta("b", 10, 40), c = Meta("c", 30, 50), d = Meta("d", 50, 70);
  EXPECT_EQ(PlanCompaction({a, b}, ranges_), (Names{"a", "b"}));  // the newest too
  EXPECT_EQ(PlanCompaction({a, b, c, d}, ranges_), (Names{"a", "b", "c"}));
  EXPECT_EQ(PlanCompaction({Meta("long", 0, 100), Meta("x", 10, 20), Meta("y", 50, 60), Meta("z", 100, 120)}, ranges_),
            (Names{"long", "x", "y"}));
  EXPECT_EQ(PlanCompaction({Meta("p", 0, 20), Meta("q", 0, 20), Meta("r", 20, 40), Meta("s", 30, 40)}, ranges_),
            (Names{"p", "q"}));
}

TEST_F(PlanTest, FailedBlocksAreLeftAlone) {
  BlockMeta a = Meta("a", 0, 20), b = Meta("b", 20, 40), c = Meta("c", 40, 60), d = Meta("d", 60, 80);
  b.failed = true;
  EXPECT_EQ(PlanCompaction({a, b, c, d}, ranges_), Names());
  BlockMeta over = Meta("over", 10, 30);
  over.failed = true;
  EXPECT_EQ(PlanCompaction({a, over, d}, ranges_), Names());
}

TEST_F(PlanTest, BlocksWithManyDeletedSeriesAreRewritten) {
  const BlockMeta newest = Meta("n", 1000, 1020);
  BlockMeta large = Meta("large", 0, 540);
  large.tombstones = 5;
  EXPECT_EQ(PlanCompaction({large, newest}, ranges_), Names());  // 5 of 101 are below 5 %
  large.tombstones = 6;
  EXPECT_EQ(PlanCompaction({large, newest}, ranges_), (Names{"large"}));
  EXPECT_EQ(PlanCompaction({large}, ranges_), Names());  // the newest itself is not
  large.failed = true;
  EXPECT_EQ(PlanCompaction({large, newest}, ranges_), Names());
  BlockMeta small = Meta("small", 540, 560);
  small.tombstones = 99;
  EXPECT_EQ(PlanCompaction({small, newest}, ranges_), Names());  // it is compacted soon
  small.tombstones = 100;
  EXPECT_EQ(PlanCompaction({small, newest}, ranges_), (Names{"small"}));
}

TEST(MergeMetasTest, TellsWhereABlockComesFrom) {
  BlockMeta a = Meta("A", 0, 20), b = Meta("B", 20, 40);
  a.level = 2;
  a.sources = {"2", "3"};
  b.sources = {"1", "3"};
  const BlockMeta merged = MergeMetas({a, b});
  EXPECT_EQ(merged.mint, 0);
  EXPECT_EQ(merged.maxt, 40);
  EXPECT_EQ(merged.level, 3);
  EXPECT_EQ(merged.sources, (Names{"1", "2", "3"}));
  ASSERT_EQ(merged.parents.size(), 2u);
  EXPECT_EQ(merged.parents[1].ulid, "B");
  EXPECT_EQ(merged.parents[1].maxt, 40);
}

class CompactionTest : public BlockFixture {
 protected:
  static Names UlidsOf(const BlockSet& set) {
    Names out;
    for (const auto& block : *set.blocks()) out.push_back(block->meta().ulid);
    return out;
  }
  void Put(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
};

TEST_F(CompactionTest, ManyBlocksBecomeOneWithTheSameSamples) {
  std::mt19937 random(21);
  const Model model = RandomModel(random, 25, 0, 60'000);
  for (TimestampMs t = 0; t < 60'000; t += 20'000) ASSERT_NE(Write(model, t, t + 20'000), "");
  const auto set = OpenSet();
  const Names parents = UlidsOf(*set);
  const auto child = RunCompaction(*set, parents, {});
  ASSERT_TRUE(child.ok()) << child.status().ToString();
  EXPECT_EQ(UlidsOf(*set), (Names{*child}));
  EXPECT_EQ(Entries(), (Names{*child}));
  EXPECT_EQ(Take(*set), Take(model));
  const BlockMeta& meta = set->blocks()->front()->meta();
  EXPECT_EQ(meta.level, 2);
  EXPECT_EQ(meta.mint, 0);
  EXPECT_EQ(meta.maxt, 60'000);
  EXPECT_EQ(meta.parents.size(), 3u);
  EXPECT_EQ(std::set<std::string>(meta.sources.begin(), meta.sources.end()),
            std::set<std::string>(parents.begin(), parents.end()));
  EXPECT_TRUE(set->blocks()->front()->Verify().empty());
  EXPECT_EQ(RunCompaction(*set, parents, {}).status().code(), Code::kNotFound);
}

// What upstream does by copying chunks, encoding anew does too: the same bytes.
TEST_F(CompactionTest, ChunksOfWholeRangesAreTheSameBytes) {
  constexpr DurationMs kHour = 3'600'000;
  Model model;
  for (TimestampMs t = 0; t < 6 * kHour; t += 15'000) model[{{"a", "b"}}][t] = {static_cast<double>(t % 7), nullptr};
  for (TimestampMs t = 0; t < 6 * kHour; t += 2 * kHour) Write(model, t, t + 2 * kHour);
  const auto set = OpenSet();
  std::vector<std::string> before;
  const auto collect = [&](const Block& block, std::vector<std::string>* out) {
    std::vector<ChunkMeta> chunks;
    ASSERT_TRUE(block.index().ReadSeries((*block.index().Find({})).front(), nullptr, &chunks).ok());
    for (const ChunkMeta& chunk : chunks) {
      const auto bytes = block.chunks().Read(chunk.ref)->bytes;
      out->emplace_back(bytes.begin(), bytes.end());
    }
  };
  for (const auto& block : *set->blocks()) collect(*block, &before);
  ASSERT_TRUE(RunCompaction(*set, UlidsOf(*set), {}).ok());
  std::vector<std::string> after;
  collect(*set->blocks()->front(), &after);
  EXPECT_EQ(before.size(), 12u);
  EXPECT_TRUE(before == after);
}

TEST_F(CompactionTest, OverlappingBlocksMergeAsTheyAreQueried) {
  std::mt19937 random(22);
  for (int round = 0; round < 10; ++round) {
    fs::remove_all(directory_);
    Model expected;
    const TimestampMs ranges[3][2] = {{0, 20'000}, {10'000, 30'000}, {10'000, 40'000}};
    for (const auto& range : ranges) {
      std::mt19937 same(static_cast<unsigned>(round));  // the same labels each time
      Model model = RandomModel(same, 12, range[0], range[1]);
      for (auto& [labels, samples] : model) {
        for (auto& [t, value] : samples) {
          if (value.h == nullptr) value.v += static_cast<double>(random() % 2);
          expected[labels][t] = value;  // the later block wins
        }
      }
      ASSERT_NE(Write(model, range[0], range[1]), "");
    }
    const auto set = OpenSet();
    EXPECT_EQ(Take(*set), Take(expected));
    const Names plan = PlanCompaction(*set, CompactionRanges(10'000, 90'000));
    ASSERT_EQ(plan.size(), 3u);
    ASSERT_TRUE(RunCompaction(*set, plan, {}).ok());
    ASSERT_EQ(set->blocks()->size(), 1u);
    EXPECT_EQ(Take(*set), Take(expected));
    EXPECT_TRUE(set->blocks()->front()->Verify().empty());
  }
}

TEST_F(CompactionTest, DeletedSamplesAreGoneForGood) {
  std::mt19937 random(23);
  Model model = RandomModel(random, 10, 0, 20'000);
  Write(model, 0, 10'000);
  Write(model, 10'000, 20'000);
  const auto set = OpenSet();
  ASSERT_TRUE(set->DeleteSeries(5000, 14'999, {Matcher::Equal("__name__", "bytes")}).ok());
  for (auto& [labels, samples] : model) {
    if (labels.metric_name() != "bytes") continue;
    std::erase_if(samples, [](const auto& sample) { return sample.first >= 5000 && sample.first < 15'000; });
  }
  EXPECT_EQ(*CleanTombstones(*set, {}), 2u);
  EXPECT_EQ(*CleanTombstones(*set, {}), 0u);
  ASSERT_EQ(set->blocks()->size(), 2u);
  for (const auto& block : *set->blocks()) EXPECT_TRUE(block->tombstones()->empty());
  EXPECT_EQ(Take(*set), Take(model));
  // All of it: no block is left.
  ASSERT_TRUE(set->DeleteSeries(INT64_MIN, INT64_MAX, {}).ok());
  EXPECT_EQ(*RunCompaction(*set, UlidsOf(*set), {}), "");
  EXPECT_TRUE(set->blocks()->empty());
  EXPECT_TRUE(Entries().empty());
}

TEST_F(CompactionTest, DeletesWhileItRunsAreKept) {
  Model model;
  for (int s = 0; s < 50; ++s) {
    for (TimestampMs t = 0; t < 2000; ++t) model[{{"s", std::to_string(s)}}][t] = {1, nullptr};
  }
  Write(model, 0, 1000);
  Write(model, 1000, 2000);
  const auto set = OpenSet();
  int series = 0;
  BlockWriteOptions write;
  write.yield = [&] {
    const Labels labels = {{"s", std::to_string(series)}};
    EXPECT_TRUE(set->DeleteSeries(0, 500, {Matcher::Equal("s", std::to_string(series++))}).ok());
    std::erase_if(model[labels], [](const auto& sample) { return sample.first <= 500; });
  };
  ASSERT_TRUE(RunCompaction(*set, UlidsOf(*set), write).ok());
  EXPECT_GT(series, 50);
  EXPECT_EQ(Take(*set), Take(model));
  EXPECT_EQ(Take(*OpenSet()), Take(model));
}

TEST_F(CompactionTest, DamagedBlocksAreMarkedAndKept) {
  std::mt19937 random(24);
  const Model model = RandomModel(random, 10, 0, 60'000, false);
  for (TimestampMs t = 0; t < 60'000; t += 20'000) Write(model, t, t + 20'000);
  Names ulids;
  {
    const auto set = OpenSet();
    ulids = UlidsOf(*set);
  }
  std::string bytes = *Env::Posix().ReadFile(directory_ + "/" + ulids[0] + "/chunks/000001", 1 << 20);
  bytes[20] = static_cast<char>(bytes[20] ^ 4);
  Put(directory_ + "/" + ulids[0] + "/chunks/000001", bytes);
  const auto set = OpenSet();
  EXPECT_EQ(RunCompaction(*set, {ulids[0], ulids[1]}, {}).status().code(), Code::kCorruption);
  EXPECT_EQ(set->blocks()->size(), 3u);
  EXPECT_EQ(Entries().size(), 3u);
  const auto plan = [](const BlockSet& of) { return PlanCompaction(of, CompactionRanges(20'000, 60'000)); };
  EXPECT_EQ(plan(*set), Names());
  EXPECT_EQ(plan(*OpenSet()), Names());
  EXPECT_TRUE((*OpenSet()->blocks())[0]->meta().failed);
}

// Each operation on disk fails once, and the power goes at each: the set opens with all samples, parents or child.
TEST_F(CompactionTest, NothingIsLostAtAnyStep) {
  std::mt19937 random(25);
  const Model model = RandomModel(random, 8, 0, 20'000);
  const Snapshot whole = Take(model);
  Write(model, 0, 10'000);
  Write(model, 10'000, 20'000);
  fs::copy(directory_, root_ + "/good", fs::copy_options::recursive);
  bool finished = false;
  std::uint64_t steps = 0;
  for (std::uint64_t at = 1; !finished; ++at) {
    for (const bool power_cut : {false, true}) {
      fs::remove_all(directory_);
      fs::copy(root_ + "/good", directory_, fs::copy_options::recursive);
      FaultEnv env(at);
      const auto set = OpenSet(env);
      const std::uint64_t before = env.operations();
      env.SetHook([&](const std::string& operation, const std::string&) {
        const std::uint64_t step = env.operations() - before;
        const bool fails = power_cut ? step > at : step == at;
        return fails ? IoError("cannot " + operation + ": injected") : Status();
      });
      const auto child = RunCompaction(*set, UlidsOf(*set), {});
      finished = env.operations() - before < at;
      EXPECT_EQ(Take(*set), whole) << at;  // readers never notice
      env.SetHook(nullptr);
      ASSERT_TRUE(!power_cut || env.LosePower().ok());
      const auto reopened = OpenSet();
      EXPECT_EQ(Take(*reopened), whole) << at;
      EXPECT_EQ(reopened->stats().quarantined, 0u) << at;
      const std::size_t blocks = reopened->blocks()->size();
      EXPECT_TRUE(blocks == 1 || blocks == 2) << at;
      EXPECT_EQ(Entries().size(), blocks) << at;
      EXPECT_TRUE(!child.ok() || power_cut || blocks == 1) << at;
      ++steps;
    }
  }
  EXPECT_GT(steps, 30u);
}

TEST_F(CompactionTest, CancelledItChangesNothing) {
  std::mt19937 random(26);
  const Model model = RandomModel(random, 10, 0, 20'000);
  Write(model, 0, 10'000);
  Write(model, 10'000, 20'000);
  const auto set = OpenSet();
  const std::atomic<bool> cancel{true};
  BlockWriteOptions write;
  write.cancel = &cancel;
  EXPECT_EQ(RunCompaction(*set, UlidsOf(*set), write).status().code(), Code::kCancelled);
  EXPECT_EQ(Entries().size(), 2u);
  EXPECT_EQ(Take(*OpenSet()), Take(model));
  EXPECT_FALSE((*set->blocks())[0]->CurrentMeta().failed);
}

// From two-hour blocks to the largest, pass by pass, as the maintenance thread does it.
TEST_F(CompactionTest, PassesEndWithFewBlocksAndTheSameSamples) {
  std::mt19937 random(27);
  const Model model = RandomModel(random, 6, 0, 28'000);
  for (TimestampMs t = 0; t < 28'000; t += 1000) Write(model, t, t + 1000);
  const auto set = OpenSet();
  const std::vector<DurationMs> ranges = CompactionRanges(1000, 27'000);
  int passes = 0;
  while (true) {
    const Names plan = PlanCompaction(*set, ranges);
    if (plan.empty()) break;
    ASSERT_TRUE(RunCompaction(*set, plan, {}).ok());
    ++passes;
  }
  EXPECT_EQ(passes, 13);  // 9 of three, 3 of nine, 1 of 27
  ASSERT_EQ(set->blocks()->size(), 2u);
  EXPECT_EQ(set->blocks()->front()->meta().level, 4);
  EXPECT_EQ(set->blocks()->front()->meta().sources.size(), 27u);
  EXPECT_EQ(Take(*set), Take(model));
}

}  // namespace
}  // namespace cachescope::tsdb
