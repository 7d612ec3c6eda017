#include "server/storage/tsdb/offline/backfill.h"

#include "server/storage/tsdb/offline/inspect.h"
#include "server/storage/tsdb/offline/offline_fixture_test.h"

namespace cachescope::tsdb {
namespace {

constexpr TimestampMs kHour = 3'600'000;

class BackfillTest : public OfflineFixture {};

// Any order, any memory: what was given last for a time is what is stored.
TEST_F(BackfillTest, SameAsAMapWhateverTheMemory) {
  for (const std::uint64_t memory : {std::uint64_t{1}, std::uint64_t{20'000}, std::uint64_t{256} << 20}) {
    std::filesystem::remove_all(directory_);
    std::mt19937 random(7);
    BackfillOptions options;
    options.memory_bytes = memory;
    auto backfill = Backfill::Open(Env::Posix(), directory_, options);
    ASSERT_TRUE(backfill.ok());
    Model model;
    std::uint64_t given = 0;
    for (int i = 0; i < (memory == 1 ? 300 : 5000); ++i) {
      const Labels labels = {{"__name__", "m"}, {"i", std::to_string(random() % 9)}};
      // Negative times too; few enough for samples of one time.
      const TimestampMs t = static_cast<TimestampMs>(random() % 2000) * 15'000 - 4 * kHour;
      const double v = Below(random, 1000);
      ASSERT_TRUE((*backfill)->Add(labels, t, v).ok());
      model[labels][t] = {v, nullptr};
      ++given;
    }
    EXPECT_TRUE(Readable().empty()) << "nothing shows before the end";
    const auto report = (*backfill)->Finish();
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    backfill->reset();
    const Snapshot expected = Take(model);
    EXPECT_EQ(Readable(), expected);
    EXPECT_EQ(report->samples, Count(expected));
    EXPECT_EQ(report->samples + report->duplicates, given);
    EXPECT_EQ(Entries().size(), report->blocks.size()) << "nothing is left beside the blocks";
    for (const BlockMeta& meta : report->blocks) {
      EXPECT_EQ(meta.mint % (2 * kHour), 0);
      EXPECT_EQ(meta.maxt - meta.mint, 2 * kHour);
    }
    EXPECT_EQ(Verified().damage_count, 0u);
  }
}

TEST_F(BackfillTest, UnfinishedLeavesNothing) {
  {
    BackfillOptions options;
    options.memory_bytes = 1;
    auto backfill = Backfill::Open(Env::Posix(), directory_, options);
    ASSERT_TRUE(backfill.ok());
    ASSERT_TRUE((*backfill)->Add({{"__name__", "m"}}, 5, 1).ok());
  }
  EXPECT_TRUE(Entries().empty());
}

TEST_F(BackfillTest, WhatACrashLeavesTheNextStartRemoves) {
  FaultEnv env(1);
  {
    BackfillOptions options;
    options.memory_bytes = 1;
    auto backfill = Backfill::Open(env, directory_, options);
    ASSERT_TRUE(backfill.ok());
    ASSERT_TRUE((*backfill)->Add({{"__name__", "m"}}, 5, 1).ok());
    env.SetHook([](const std::string&, const std::string&) { return IoError("cannot go on: the power is gone"); });
  }
  EXPECT_EQ(Entries().size(), 1u);
  (void)OpenSet();
  EXPECT_TRUE(Entries().empty());
}

TEST_F(BackfillTest, InspectCountsWhatIsThere) {
  std::mt19937 random(8);
  const Model model = RandomModel(random, 30, 0, 2 * kHour);
  ASSERT_NE(Write(model, 0, 2 * kHour), "");
  const auto set = OpenSet();
  const auto block = set->blocks()->front();
  const BlockInspection found = InspectBlock(*block, 0);
  EXPECT_EQ(found.series, block->meta().series);
  EXPECT_EQ(found.chunks.chunks, block->meta().chunks);
  EXPECT_EQ(found.chunks.samples, block->meta().samples);
  EXPECT_LE(found.chunks.bytes, block->chunks().size_bytes());
  std::uint64_t series = 0;
  std::uint64_t bytes = 0;
  for (const MetricTotals& metric : found.metrics) {
    series += metric.series;
    bytes += metric.chunks.bytes;
  }
  EXPECT_EQ(series, found.series);
  EXPECT_EQ(bytes, found.chunks.bytes);
  EXPECT_EQ(found.unreadable, 0u);
  EXPECT_EQ(InspectBlock(*block, 1).pairs.size(), 1u);
  BlockInspection twice = found;
  AddInspection(&twice, found);
  EXPECT_EQ(twice.chunks.samples, 2 * found.chunks.samples);
  EXPECT_EQ(twice.metrics.size(), found.metrics.size());
}

}  // namespace
}  // namespace cachescope::tsdb
